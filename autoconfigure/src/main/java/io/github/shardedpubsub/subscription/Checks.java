package io.github.shardedpubsub.subscription;

import io.github.shardedpubsub.pipe.Outcome;
import io.github.shardedpubsub.pipe.ReplyError;
import io.github.shardedpubsub.subscription.WantedChannel.Actual;
import java.util.concurrent.CompletableFuture;

/**
 * Asks nodes for what they are believed to have confirmed: subscribing to what is subscribed changes nothing at the node that serves
 * it, and is refused by any other.
 *
 * <p>On the subscriptions' own thread.
 */
final class Checks {

    /** What is done about a channel that is not subscribed. */
    interface Dead {

        void found(WantedChannel channel, NodeConnection node, ReplyError error);
    }

    private final Dead dead;

    Checks(Dead dead) {
        this.dead = dead;
    }

    /** Asks for those among them that are believed to be confirmed; the future is completed when every node has answered. */
    CompletableFuture<Void> ask(Iterable<WantedChannel> channels) {
        SlotBatches checks = new SlotBatches(NodeConnection::subscribe, this::answered);
        for (WantedChannel channel : channels) {
            NodeConnection holder = channel.holder;
            if (holder != null && channel.isConfirmed()) {
                checks.add(holder, channel);
            }
        }
        return checks.send();
    }

    private void answered(WantedChannel channel, NodeConnection node, Outcome outcome, boolean withOthers) {
        if (channel.actual == Actual.SUBSCRIBED
                && outcome instanceof Outcome.Refused refused
                && saysNotServed(refused.error())) {
            this.dead.found(channel, node, refused.error());
        }
    }

    /** Any other error, such as BUSY, leaves the subscription where it is. */
    private static boolean saysNotServed(ReplyError error) {
        return error.code().equals("MOVED") || error.code().equals("CLUSTERDOWN");
    }
}
