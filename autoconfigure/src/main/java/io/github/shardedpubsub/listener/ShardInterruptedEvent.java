package io.github.shardedpubsub.listener;

import io.github.shardedpubsub.subscription.InterruptionCause;
import io.github.shardedpubsub.subscription.NodeAddress;
import java.time.Instant;

/**
 * A channel that was confirmed is not any more. What is published until its {@link ShardRestoredEvent} is lost, but on a channel with a
 * history.
 *
 * @param slot 0..16383
 * @param cause why
 * @param since since when
 * @param from the node that has served it
 * @param detail what was seen, for people
 */
public record ShardInterruptedEvent(
        String channel, int slot, InterruptionCause cause, Instant since, NodeAddress from, String detail)
        implements ShardChannelEvent {}
