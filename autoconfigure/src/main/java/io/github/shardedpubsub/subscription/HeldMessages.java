package io.github.shardedpubsub.subscription;

import java.util.ArrayList;
import java.util.List;

/**
 * Messages of a node of which it is not known yet whether it is the one to hear: a master that was failed over confirms a channel as
 * a replica, and what is published in its shard then can come from it and from its new master, too.
 *
 * <p>They come on the node's event loop; the rest is on the subscriptions' own thread.
 */
final class HeldMessages {

    /** For a round trip or two. What is beyond is lost within the interruption, as what comes without a subscription is. */
    private static final int MAX = 10_000;

    /** Seldom any, since it lasts for a round trip or two. */
    private List<byte[]> messages = List.of();

    private boolean released;

    /** What became of a message. */
    enum Taken {
        HELD,
        /** There are too many. */
        DROPPED,
        /** It is the caller's to deliver. */
        NOT
    }

    synchronized Taken take(byte[] payload) {
        if (this.released) {
            return Taken.NOT;
        }
        if (this.messages.size() == MAX) {
            return Taken.DROPPED;
        }
        if (this.messages.isEmpty()) {
            this.messages = new ArrayList<>();
        }
        this.messages.add(payload);
        return Taken.HELD;
    }

    /** It is the one. What comes later does not overtake them. */
    synchronized void release(WantedChannel channel) {
        for (byte[] message : this.messages) {
            channel.deliver(message);
        }
        this.messages = List.of();
        this.released = true;
    }

    /** It is not. Returns how many are dropped. */
    synchronized int drop() {
        int dropped = this.messages.size();
        this.messages = List.of();
        return dropped;
    }
}
