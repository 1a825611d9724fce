package io.github.shardedpubsub.subscription;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.pipe.Outcome;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Decides which messages are for their channel, and ends the subscriptions of those that are for nobody.
 */
final class Arrivals {

    private final Standings standings;

    private final Timeline timeline;

    Arrivals(Standings standings, Timeline timeline) {
        this.standings = standings;
        this.timeline = timeline;
    }

    /** On an event loop: a message is taken from the one node that was asked for the channel last, or that hands it over. */
    void message(NodeConnection node, ChannelName name, byte[] payload) {
        WantedChannel channel = this.standings.get(name);
        if (channel == null) {
            stray(node, name);
        } else {
            message(node, channel, payload);
        }
    }

    /** The same for a channel that was wanted when the message was read. */
    void message(NodeConnection node, WantedChannel channel, byte[] payload) {
        Handover handover = channel.handover;
        if (handover != null && handover.target == node && handover.take(payload)) {
            return;
        }
        Pursuit pursuit = channel.pursuit;
        HeldMessages held = pursuit != null ? pursuit.held : null;
        if (held != null && channel.holder == node) {
            switch (held.take(payload)) {
                case HELD -> {}
                case DROPPED -> stray(node, channel.name);
                case NOT -> channel.deliver(payload);
            }
        } else if (channel.holder == node || handover != null && handover.source == node) {
            channel.deliver(payload);
        } else {
            stray(node, channel.name);
        }
    }

    private void stray(NodeConnection node, ChannelName name) {
        this.standings.observe(observer -> observer.strayMessage(name, node.address()));
        this.timeline.execute(() -> endIfLeftOver(node, name));
    }

    /** It has outlived an unsubscribe, as it can where that was refused. */
    private void endIfLeftOver(NodeConnection node, ChannelName name) {
        if (!isKnown(node, this.standings.get(name))) {
            leaveOver(node, name, false);
        }
    }

    private static boolean isKnown(NodeConnection node, @Nullable WantedChannel channel) {
        if (channel == null) {
            return false;
        }
        Handover handover = channel.handover;
        return channel.holder == node || handover != null && handover.isSubscribedAt(node);
    }

    /**
     * It may be subscribed there, and nobody wants it there: asked to end it once. What stays is asked for again by the audit, and
     * ends with the connection.
     *
     * @param asking whether the node is importing the slot and does not serve it yet
     */
    void leaveOver(NodeConnection node, ChannelName name, boolean asking) {
        if (node.isConnected() && node.leftovers.add(name)) {
            end(node, name, asking);
        }
    }

    /** Asks again for the end of all that may be left over. */
    void endLeftovers(NodeConnection node) {
        if (node.isConnected()) {
            List.copyOf(node.leftovers).forEach(name -> end(node, name, false));
        }
    }

    private void end(NodeConnection node, ChannelName name, boolean asking) {
        if (asking) {
            node.unsubscribeAsking(List.of(name), outcome -> ended(node, name, outcome));
        } else {
            node.unsubscribe(List.of(name), outcome -> ended(node, name, outcome));
        }
    }

    private static void ended(NodeConnection node, ChannelName name, Outcome outcome) {
        if (outcome instanceof Outcome.Confirmed) {
            node.leftovers.remove(name);
        } else if (outcome instanceof Outcome.Refused && node.leftovers.contains(name)) {
            // as a replica does, and goes on sending (Redis 7.4 and 8.0)
            node.closeIfUnused();
        }
    }
}
