package io.github.shardedpubsub.listener;

import io.github.shardedpubsub.subscription.NodeAddress;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A channel was confirmed for the first time since it is wanted, or since it was refused.
 *
 * @param slot 0..16383
 * @param node the node that has confirmed it
 * @param at when
 */
public record ShardSubscribedEvent(
        String channel, int slot, @Nullable NodeAddress node, Instant at) implements ShardChannelEvent {}
