package io.github.shardedpubsub.chaos;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.subscription.ChannelTransition;
import java.time.Instant;

/**
 * What became of one channel. Messages are numbered from 1, and there is never more than one on its way, so that the order of two that
 * servers have taken is certain. Thread-safe.
 */
interface Ledger {

    ChannelName channel();

    /** The next message's number, or 0 while another one is on its way. */
    long next();

    void published(Publication publication);

    /** It could not be published, or nobody knows whether it is. */
    void notPublished(long number);

    boolean isOnItsWay();

    /** Whether something that was published did not arrive yet. */
    boolean isMissing();

    void changed(ChannelTransition transition);

    /** Something about this channel, with its history. */
    Violation violation(String what, Instant from, Instant until);
}
