package io.github.shardedpubsub.subscription;

import org.jspecify.annotations.Nullable;

/**
 * What is noted about a channel on its way to a confirmed subscription, or out of one, and forgotten at the end of the way: nearly all
 * channels are confirmed nearly always, and need none of it. Every channel that does not stand as subscribed has one, which is a link in
 * the chain of them all. Changed on the subscriptions' own thread only.
 */
final class Pursuit extends Chain.Link<Pursuit> {

    final WantedChannel channel;

    /** Whom to ask next, before asking the topology: the node that ended it, or the one a redirect named. */
    @Nullable
    NodeAddress hint;

    /** The node that has ended it, as long as none has confirmed it since. */
    @Nullable
    NodeConnection endedBy;

    /** Waits until all that the last node has delivered has come to the next one. */
    boolean onTheBus;

    /** Where the node that was asked last has not proven that it is the one to hear: what asks it. */
    UpstreamCheck.@Nullable Question question;

    /** What that node sends before it has; read by others. */
    volatile @Nullable HeldMessages held;

    /** Not asked for in one unit with others: a refusal says nothing of which of them it is for. */
    boolean alone;

    /** Waits for its time, after a failure; a hint or a change of owner ends the wait. */
    boolean backingOff;

    /** The number of the last wait, to know one that was ended early. */
    int wait;

    /** It is interrupted, and to be asked for when the application says so. */
    boolean leftToApplication;

    int failures;

    int redirects;

    /** Confirmations in a row that the server took back at once. */
    int flaps;

    Pursuit(WantedChannel channel) {
        this.channel = channel;
    }

    /** The next attempt is not due yet. */
    boolean waits() {
        return this.backingOff || this.onTheBus || this.leftToApplication;
    }
}
