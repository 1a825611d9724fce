package io.github.shardedpubsub.listener;

import java.time.Instant;

/**
 * Messages of a channel are being dropped because a listener's queue is full. One event for a burst: until the queue has been empty,
 * what is dropped is counted only ({@code sharded.pubsub.dropped}).
 *
 * @param overflow which messages are dropped
 * @param capacity how many messages can wait in the queue
 * @param at when the first was dropped
 */
public record ShardMessagesDroppedEvent(String channel, OverflowPolicy overflow, int capacity, Instant at)
        implements ShardChannelEvent {}
