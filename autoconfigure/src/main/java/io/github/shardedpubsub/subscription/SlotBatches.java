package io.github.shardedpubsub.subscription;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.pipe.Outcome;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Channels that nodes are to be asked about, gathered so that one unit names as many channels of one slot as is good. Used once, on
 * the subscriptions' own thread.
 */
final class SlotBatches {

    /** Enough to save PINGs, few enough that one frame does not hold up a node's other clients. */
    private static final int MAX_CHANNELS = 200;

    /** What nodes are asked to do about channels of one slot. */
    interface Asking {

        /**
         * Asks.
         *
         * @param answer takes the outcome later, on the subscriptions' own thread
         */
        void ask(NodeConnection node, List<ChannelName> channels, Consumer<Outcome> answer);
    }

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

    /** What a channel is asked about. */
    interface Question {

        /** Whether an answer is one to the question that is about to be asked, told when the answer is there. */
        BooleanSupplier standing(WantedChannel channel, NodeConnection node);
    }

    private final Question question;

    private final Asking asking;

    private final Answer answer;

    private final Map<NodeConnection, List<WantedChannel>> channels = new LinkedHashMap<>();

    private final CompletableFuture<Void> allAnswered = new CompletableFuture<>();

    private int unanswered;

    SlotBatches(Asking asking, Answer answer) {
        this(WantedChannel::askedLast, asking, answer);
    }

    SlotBatches(Question question, Asking asking, Answer answer) {
        this.question = question;
        this.asking = asking;
        this.answer = answer;
    }

    void add(NodeConnection node, WantedChannel channel) {
        this.channels.computeIfAbsent(node, any -> new ArrayList<>(1)).add(channel);
    }

    /** Asks for everything; the future is completed when every answer was taken. */
    CompletableFuture<Void> send() {
        this.channels.forEach(this::ask);
        if (this.unanswered == 0) {
            this.allAnswered.complete(null);
        }
        return this.allAnswered;
    }

    private void ask(NodeConnection node, List<WantedChannel> channels) {
        List<WantedChannel> unit = new ArrayList<>(1);
        for (WantedChannel channel : bySlot(channels)) {
            if (!unit.isEmpty() && !mayJoin(channel, unit)) {
                askUnit(node, unit);
                unit = new ArrayList<>(1);
            }
            unit.add(channel);
        }
        askUnit(node, unit);
    }

    /** Within a slot in the order in which they came. Sorting numbers costs a tenth of sorting what has them. */
    private static List<WantedChannel> bySlot(List<WantedChannel> channels) {
        long[] places = new long[channels.size()];
        for (int i = 0; i < places.length; i++) {
            places[i] = (long) channels.get(i).slot << Integer.SIZE | i;
        }
        Arrays.sort(places);
        List<WantedChannel> sorted = new ArrayList<>(places.length);
        for (long place : places) {
            sorted.add(channels.get((int) place));
        }
        return sorted;
    }

    private static boolean mayJoin(WantedChannel channel, List<WantedChannel> unit) {
        WantedChannel first = unit.get(0);
        return channel.slot == first.slot && unit.size() < MAX_CHANNELS && !channel.isAlone() && !first.isAlone();
    }

    private void askUnit(NodeConnection node, List<WantedChannel> channels) {
        List<ChannelName> names = new ArrayList<>(channels.size());
        List<BooleanSupplier> standing = new ArrayList<>(channels.size());
        for (WantedChannel channel : channels) {
            names.add(channel.name);
            standing.add(this.question.standing(channel, node));
        }
        this.unanswered++;
        this.asking.ask(node, names, outcome -> {
            for (int i = 0; i < channels.size(); i++) {
                if (standing.get(i).getAsBoolean()) {
                    this.answer.answered(channels.get(i), node, outcome, channels.size() > 1);
                }
            }
            if (--this.unanswered == 0) {
                this.allAnswered.complete(null);
            }
        });
    }
}
