package io.github.shardedpubsub.recovery;

/**
 * What became of all recoveries, since they began.
 *
 * @param recovered messages that listeners got from histories
 * @param duplicates messages that came when a listener had them already, and were not given to it again
 * @param deferred live messages for which a listener had no room, and which it gets from the history instead
 * @param readFailures times that a history could not be read, and was read again
 * @param losses times that a listener was told that it cannot have some messages
 */
public record RecoveryCounts(long recovered, long duplicates, long deferred, long readFailures, long losses) {}
