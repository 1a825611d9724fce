package io.github.shardedpubsub.recovery;

import io.github.shardedpubsub.pipe.ChannelName;
import java.time.Duration;

/**
 * Hears what becomes of recoveries, each of one listener on one channel. Called on event loops, threads of the subscriptions, and for positions
 * that of the store; none of the methods may block or throw.
 */
public interface RecoveryObserver {

    /**
     * A listener has what was published meanwhile, and gets live messages again.
     *
     * @param messages how many it got from the history, 0 or more
     * @param took since the channel was confirmed again or the gap was seen
     */
    default void recovered(ChannelName channel, long messages, Duration took) {}

    /**
     * A listener cannot have some messages any more, or may have missed some.
     */
    default void historyLost(ChannelName channel, HistoryLoss loss) {}

    /**
     * A publisher has found that acknowledged messages are lost; listeners are told on their own.
     */
    default void writesLost(String channel, LostWrites lost) {}

    /**
     * A message that a listener had already was not given to it again.
     */
    default void duplicate(ChannelName channel) {}

    /**
     * A listener had no room for live messages, and gets them from the history when it has.
     *
     * @param messages how many
     */
    default void deferred(ChannelName channel, long messages) {}

    /**
     * A history could not be read, and is read again after a wait.
     *
     * @param reason for people
     */
    default void readFailed(ChannelName channel, String reason) {}

    /**
     * Where a listener is could not be loaded or saved, and is tried again after a wait.
     *
     * @param reason for people
     */
    default void positionFailed(String channel, String reason) {}
}
