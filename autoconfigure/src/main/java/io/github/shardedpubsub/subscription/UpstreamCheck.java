package io.github.shardedpubsub.subscription;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Asks a node that confirms channels whether it is an upstream node. A replica confirms them, too; but until its upstream node knows
 * it as a replica, for a second or so after a failover, no message reaches it (seen on Redis 7.0 and 8.0). And whoever was failed
 * over may be taken for an upstream node by the topology still. So such channels go to the node's own upstream node, and are not said
 * to be confirmed before.
 *
 * <p>The question goes out right behind the subscribing and costs no time of its own; a node that has answered it once is not asked
 * again as long as it holds a channel, since it would end that first (see {@link NodeConnection#isProvenUpstream()}).
 *
 * <p>On the subscriptions' own thread.
 */
final class UpstreamCheck {

    private final Reconciler reconciler;

    private final Answer answer;

    private final BusFence busFence;

    /** Channels about to be asked for, by the node. */
    private final Map<NodeConnection, List<WantedChannel>> gathered = new LinkedHashMap<>();

    private final Map<NodeConnection, List<Question>> open = new LinkedHashMap<>();

    /** Takes what was found. */
    interface Answer {

        /**
         * The channel is where it was, and as it was.
         *
         * @param upstream the node's own upstream node; null if it is one itself, or if it does not tell
         */
        void answered(WantedChannel channel, NodeConnection node, @Nullable NodeAddress upstream);
    }

    UpstreamCheck(Reconciler reconciler, BusFence busFence, Answer answer) {
        this.reconciler = reconciler;
        this.busFence = busFence;
        this.answer = answer;
    }

    /** One question, and the channels that were asked for before it. */
    private static final class Question {

        private final Map<WantedChannel, BooleanSupplier> asked = new LinkedHashMap<>();

        private final Set<WantedChannel> confirmed = new LinkedHashSet<>();

        boolean confirmed(WantedChannel channel) {
            return stands(channel) && this.confirmed.add(channel);
        }

        private boolean stands(WantedChannel channel) {
            BooleanSupplier standing = this.asked.get(channel);
            return standing != null && standing.getAsBoolean();
        }

        /** Those that are still waiting for the answer. */
        List<WantedChannel> waiting() {
            return this.confirmed.stream()
                    .filter(channel -> channel.actual == WantedChannel.Actual.SUBSCRIBING)
                    .filter(this::stands)
                    .toList();
        }
    }

    /** The channel is about to be asked for there, and the node has not proven what it is. */
    void gather(NodeConnection node, WantedChannel channel) {
        this.gathered.computeIfAbsent(node, any -> new ArrayList<>(1)).add(channel);
    }

    /** Asks the nodes behind what was gathered. */
    void ask() {
        this.gathered.forEach(this::ask);
        this.gathered.clear();
    }

    private Question ask(NodeConnection node, List<WantedChannel> channels) {
        Question question = new Question();
        channels.forEach(channel -> question.asked.put(channel, channel.askedLast(node)));
        this.open.computeIfAbsent(node, any -> new ArrayList<>(1)).add(question);
        node.askForSlots(slots -> answered(node, question, slots));
        return question;
    }

    /** The node has confirmed the channel, which waits for the answer. */
    void confirmed(WantedChannel channel, NodeConnection node) {
        for (Question question : this.open.getOrDefault(node, List.of())) {
            if (question.confirmed(channel)) {
                return;
            }
        }
        ask(node, List.of(channel)).confirmed(channel);
    }

    private void answered(NodeConnection node, Question question, @Nullable NodeSlots slots) {
        this.open.computeIfPresent(node, (any, questions) -> {
            questions.remove(question);
            return questions.isEmpty() ? null : questions;
        });
        NodeAddress upstream = slots == null ? null : slots.upstream();
        if (upstream == null) {
            tell(node, question, null);
            if (slots != null) {
                node.provenUpstream();
            }
            return;
        }
        boolean delivered =
                question.waiting().stream().anyMatch(channel -> channel.standing.state() == ChannelState.INTERRUPTED);
        if (delivered) {
            this.busFence.pass(node, this.reconciler.node(upstream), () -> tell(node, question, upstream));
        } else {
            tell(node, question, upstream);
        }
    }

    private void tell(NodeConnection node, Question question, @Nullable NodeAddress upstream) {
        question.waiting().forEach(channel -> this.answer.answered(channel, node, upstream));
    }
}
