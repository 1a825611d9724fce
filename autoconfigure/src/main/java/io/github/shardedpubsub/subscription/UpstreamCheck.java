package io.github.shardedpubsub.subscription;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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

    /** The next question to each node. */
    private final Map<NodeConnection, Question> gathered = new LinkedHashMap<>();

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

    /** One question, which the channels know that were asked for before it. */
    static final class Question {

        private final NodeConnection node;

        private final List<WantedChannel> confirmed = new ArrayList<>(1);

        private boolean answered;

        private Question(NodeConnection node) {
            this.node = node;
        }

        /** Those that are still waiting for the answer. */
        List<WantedChannel> waiting() {
            return this.confirmed.stream()
                    .filter(channel -> channel.holder == this.node)
                    .filter(channel -> channel.actual == WantedChannel.Actual.SUBSCRIBING)
                    .filter(channel -> channel.pursuit().question == this)
                    .toList();
        }
    }

    /** For a channel that is about to be asked for at a node that has not proven what it is. */
    Question gather(NodeConnection node) {
        return this.gathered.computeIfAbsent(node, Question::new);
    }

    /** Asks the nodes behind what was gathered. */
    void ask() {
        this.gathered.values().forEach(this::ask);
        this.gathered.clear();
    }

    private void ask(Question question) {
        question.node.askForSlots(slots -> answered(question, slots));
    }

    /** The node has confirmed the channel, which waits for the answer. */
    void confirmed(WantedChannel channel, NodeConnection node) {
        Pursuit pursuit = channel.pursuit();
        Question question = pursuit.question;
        if (question == null || question.answered) {
            question = new Question(node);
            pursuit.question = question;
            ask(question);
        }
        question.confirmed.add(channel);
    }

    private void answered(Question question, @Nullable NodeSlots slots) {
        question.answered = true;
        NodeAddress upstream = slots == null ? null : slots.upstream();
        if (upstream == null) {
            tell(question, null);
            if (slots != null) {
                question.node.provenUpstream();
            }
            return;
        }
        boolean delivered =
                question.waiting().stream().anyMatch(channel -> channel.standing.state() == ChannelState.INTERRUPTED);
        if (delivered) {
            this.busFence.pass(question.node, this.reconciler.node(upstream), () -> tell(question, upstream));
        } else {
            tell(question, upstream);
        }
    }

    private void tell(Question question, @Nullable NodeAddress upstream) {
        question.waiting().forEach(channel -> this.answer.answered(channel, question.node, upstream));
    }
}
