package io.github.shardedpubsub.recovery;

import java.time.Instant;

/**
 * A listener was told that it cannot have some messages.
 *
 * @param at when
 * @param channel the channel's name
 * @param loss which, and why
 */
public record ToldLoss(Instant at, String channel, HistoryLoss loss) {}
