package io.github.shardedpubsub.listener;

import io.github.shardedpubsub.subscription.NodeAddress;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The server refuses a channel for want of permission. It is asked for again at long intervals.
 *
 * @param slot 0..16383
 * @param node the node that refuses it
 * @param error what it says
 * @param at when
 */
public record ShardRefusedEvent(
        String channel, int slot, @Nullable NodeAddress node, String error, Instant at) implements ShardChannelEvent {}
