package io.github.shardedpubsub.subscription;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.pipe.Outcome;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Channels that nodes are to be asked about, gathered so that one unit names as many channels of one slot as is good. Used once, on
 * the subscriptions' own thread.
 */
final class SlotBatches {

    /** Enough to save PINGs, few enough that one frame does not hold up a node's other clients. */
    private static final int MAX_CHANNELS = 200;

    /** How a unit's outcome is taken, channel by channel, on the subscriptions' own thread. */
    interface Answer {

        /**
         * The node has answered, or nobody can tell. Not called for a channel whose question does not stand any more: it was asked
         * for again, or elsewhere, meanwhile.
         *
         * @param withOthers whether the unit named other channels, too, one of which may be why it was refused
         */
        void answered(WantedChannel channel, NodeConnection node, Outcome outcome, boolean withOthers);
    }

    /**
     * What can be asked in one unit.
     *
     * @param alone a channel that must not share its unit
     */
    private record Key(
            NodeConnection node, int slot, @Nullable WantedChannel alone) {}

    /** What a channel is asked about. */
    interface Question {

        /** Whether an answer is one to the question that is about to be asked, told when the answer is there. */
        BooleanSupplier standing(WantedChannel channel, NodeConnection node);
    }

    private final Timeline timeline;

    private final Question question;

    private final BiFunction<NodeConnection, List<ChannelName>, CompletableFuture<Outcome>> asking;

    private final Answer answer;

    private final Map<Key, List<WantedChannel>> batches = new LinkedHashMap<>();

    SlotBatches(
            Timeline timeline,
            BiFunction<NodeConnection, List<ChannelName>, CompletableFuture<Outcome>> asking,
            Answer answer) {
        this(timeline, WantedChannel::askedLast, asking, answer);
    }

    SlotBatches(
            Timeline timeline,
            Question question,
            BiFunction<NodeConnection, List<ChannelName>, CompletableFuture<Outcome>> asking,
            Answer answer) {
        this.timeline = timeline;
        this.question = question;
        this.asking = asking;
        this.answer = answer;
    }

    void add(NodeConnection node, WantedChannel channel) {
        this.batches
                .computeIfAbsent(new Key(node, channel.slot, channel.alone ? channel : null), any -> new ArrayList<>(1))
                .add(channel);
    }

    /** Asks for everything; the future is completed when every answer was taken. */
    CompletableFuture<Void> send() {
        List<CompletableFuture<?>> answers = new ArrayList<>();
        this.batches.forEach((key, channels) -> {
            for (int from = 0; from < channels.size(); from += MAX_CHANNELS) {
                answers.add(ask(key.node(), channels.subList(from, Math.min(from + MAX_CHANNELS, channels.size()))));
            }
        });
        return CompletableFuture.allOf(answers.toArray(CompletableFuture<?>[]::new));
    }

    private CompletableFuture<Void> ask(NodeConnection node, List<WantedChannel> channels) {
        List<BooleanSupplier> standing = channels.stream()
                .map(channel -> this.question.standing(channel, node))
                .toList();
        List<ChannelName> names = channels.stream().map(channel -> channel.name).toList();
        CompletableFuture<Void> taken = new CompletableFuture<>();
        var unused = this.asking
                .apply(node, names)
                .thenAccept(outcome -> this.timeline.execute(() -> {
                    for (int i = 0; i < channels.size(); i++) {
                        if (standing.get(i).getAsBoolean()) {
                            this.answer.answered(channels.get(i), node, outcome, channels.size() > 1);
                        }
                    }
                    taken.complete(null);
                }));
        return taken;
    }
}
