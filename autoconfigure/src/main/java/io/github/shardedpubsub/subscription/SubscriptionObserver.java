package io.github.shardedpubsub.subscription;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.pipe.Outcome;
import java.time.Duration;

/**
 * Hears everything that happens to subscriptions. Each method says on which thread; none may block or throw.
 */
public interface SubscriptionObserver {

    /**
     * A channel changed its state. On the subscriptions' own thread, in order.
     */
    default void channelChanged(ChannelTransition transition) {}

    /**
     * A server ended a subscription that nobody had asked it to end. On the subscriptions' own thread.
     */
    default void endedByServer(ChannelName channel, NodeAddress node) {}

    /**
     * A node answered {@code MOVED}. On the subscriptions' own thread.
     */
    default void redirected(int slot, NodeAddress from, NodeAddress to) {}

    /**
     * A subscribe or unsubscribe was answered or given up. On an event loop.
     *
     * @param took from its sending to its fence
     */
    default void unitFinished(NodeAddress node, Outcome outcome, Duration took) {}

    /**
     * Replies did not fit what was asked; the connection is closed. On an event loop.
     */
    default void outOfStep(NodeAddress node, String seen) {}

    /**
     * A connection stands, for the first time or again. On the subscriptions' own thread.
     */
    default void connected(NodeAddress node) {}

    /**
     * A connection was lost or could not be opened. On the subscriptions' own thread.
     */
    default void disconnected(NodeAddress node, String reason) {}

    /**
     * A node's connection is read no further, since there is no room for messages that come over it. On the subscriptions' own
     * thread.
     */
    default void readingPaused(NodeAddress node) {}

    /**
     * A channel is asked again after a failure. On the subscriptions' own thread.
     */
    default void retried(ChannelName channel) {}

    /**
     * A message came for a channel that is not wanted, or from a node that is not the one asked for it, and was dropped. On an
     * event loop.
     */
    default void strayMessage(ChannelName channel, NodeAddress node) {}

    /**
     * An audit or a check found at a node what is not as it was believed to be; it is being put right. On the subscriptions' own
     * thread.
     *
     * @param finding what was found, for people
     */
    default void auditFound(NodeAddress node, String finding) {}

    /**
     * A slot has moved, and its channel was subscribed at the new owner before; nothing was interrupted. On the subscriptions' own
     * thread.
     */
    default void handedOver(ChannelName channel, NodeAddress from, NodeAddress to) {}

    /**
     * A message of our own was published at a node, to see whether it delivers. On the subscriptions' own thread.
     */
    default void probed(NodeAddress node, ProbeResult result) {}

    /**
     * What became of a message that a node was to deliver back.
     */
    enum ProbeResult {

        /** It came back. */
        DELIVERED,

        /** The node said that it had published it, and it did not come. The connection is opened anew. */
        LOST,

        /** Nothing can be said: the slot was moving, the connection was lost, or the user may not publish or subscribe there. */
        UNKNOWN
    }
}
