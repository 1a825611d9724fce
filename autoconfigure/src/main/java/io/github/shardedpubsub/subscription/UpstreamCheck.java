package io.github.shardedpubsub.subscription;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Asks a node that has ended a channel and confirms it again whether it is an upstream node still. A master that was failed over
 * ends its subscriptions and confirms them again as a replica; but until its new master knows it as one, for a second or so, no
 * message reaches it (seen on Redis 7.0 and 8.0). So the channel goes to the new master, and is not said to be confirmed before.
 *
 * <p>On the subscriptions' own thread.
 */
final class UpstreamCheck {

    private final Answer answer;

    private final Map<NodeConnection, Map<WantedChannel, BooleanSupplier>> waiting = new LinkedHashMap<>();

    /** Takes what was found. */
    interface Answer {

        /**
         * The channel is where it was, and as it was.
         *
         * @param upstream the node's own upstream node; null if it is one itself, or if it does not tell
         */
        void answered(WantedChannel channel, NodeConnection node, @Nullable NodeAddress upstream);
    }

    UpstreamCheck(Answer answer) {
        this.answer = answer;
    }

    /** One question for all channels that a node confirms meanwhile: its answer comes behind their confirmations. */
    void ask(WantedChannel channel, NodeConnection node) {
        boolean first = !this.waiting.containsKey(node);
        this.waiting.computeIfAbsent(node, any -> new LinkedHashMap<>()).put(channel, channel.askedLast(node));
        if (first) {
            node.askForSlots(slots -> answered(node, slots == null ? null : slots.upstream()));
        }
    }

    private void answered(NodeConnection node, @Nullable NodeAddress upstream) {
        Map<WantedChannel, BooleanSupplier> asked = this.waiting.remove(node);
        if (asked != null) {
            asked.forEach((channel, standing) -> {
                if (standing.getAsBoolean() && channel.actual == WantedChannel.Actual.SUBSCRIBING) {
                    this.answer.answered(channel, node, upstream);
                }
            });
        }
    }
}
