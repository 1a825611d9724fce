package io.github.shardedpubsub.subscription;

import io.github.shardedpubsub.pipe.ChannelName;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A wanted channel went from one state to another. Health, metrics, the endpoint and application events are fed from these.
 *
 * @param channel its name
 * @param slot 0..16383
 * @param from the state before; null for a channel that was not wanted before
 * @param to the state now; null for a channel that is not wanted any more
 * @param node the node concerned: that confirmed, ended or refused it, or is asked now; null if there is none
 * @param interruption the one that begins (without a duration), or that ends (with one); null otherwise
 * @param at when
 * @param detail what was seen, for people
 */
public record ChannelTransition(
        ChannelName channel,
        int slot,
        @Nullable ChannelState from,
        @Nullable ChannelState to,
        @Nullable NodeAddress node,
        @Nullable Interruption interruption,
        Instant at,
        String detail) {}
