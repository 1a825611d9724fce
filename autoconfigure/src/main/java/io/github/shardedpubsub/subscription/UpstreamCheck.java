package io.github.shardedpubsub.subscription;

import io.github.shardedpubsub.pipe.Outcome;
import io.github.shardedpubsub.pipe.PlainCommand;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Asks a node that has ended a channel and confirms it again whether it is an upstream node still. A master that was failed over
 * ends its subscriptions and confirms them again as a replica; but until its new master knows it as one, for a second or so, no
 * message reaches it (seen on Redis 7.0 and 8.0). So the channel goes to the new master, and is not said to be confirmed before.
 *
 * <p>On the subscriptions' own thread.
 */
final class UpstreamCheck {

    private final Timeline timeline;

    private final Answer answer;

    private final Map<NodeConnection, List<Waiting>> waiting = new LinkedHashMap<>();

    /** Takes what was found. */
    interface Answer {

        /**
         * The channel is where it was, and as it was.
         *
         * @param upstream the node's own upstream node; null if it is one itself, or if it does not tell
         */
        void answered(WantedChannel channel, NodeConnection node, @Nullable NodeAddress upstream);
    }

    private record Waiting(WantedChannel channel, int asked) {}

    UpstreamCheck(Timeline timeline, Answer answer) {
        this.timeline = timeline;
        this.answer = answer;
    }

    /** One question for all channels that a node confirms meanwhile: its answer comes behind their confirmations. */
    void ask(WantedChannel channel, NodeConnection node) {
        boolean first = !this.waiting.containsKey(node);
        this.waiting.computeIfAbsent(node, any -> new ArrayList<>()).add(new Waiting(channel, channel.asked));
        if (first) {
            var unused = node.send(PlainCommand.CLUSTER_NODES)
                    .thenAccept(outcome -> this.timeline.execute(() -> answered(node, outcome)));
        }
    }

    private void answered(NodeConnection node, Outcome outcome) {
        NodeAddress upstream = null;
        if (outcome instanceof Outcome.Answered answered) {
            NodeSlots slots = NodeSlots.parse(answered.reply(), node.address());
            upstream = slots == null ? null : slots.upstream();
        }
        List<Waiting> asked = this.waiting.remove(node);
        if (asked != null) {
            for (Waiting each : asked) {
                WantedChannel channel = each.channel();
                if (channel.holder == node
                        && channel.asked == each.asked()
                        && channel.actual == WantedChannel.Actual.SUBSCRIBING) {
                    this.answer.answered(channel, node, upstream);
                }
            }
        }
    }
}
