package io.github.shardedpubsub.subscription;

import io.github.shardedpubsub.pipe.Outcome;
import io.github.shardedpubsub.subscription.Handover.Early;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Subscribes at the next owner of a slot, through {@code ASKING}, as soon as the slot is seen leaving the present one; takes the
 * channel over there when the present owner ends it; and gives up when the move is. Each of the two tells of itself alone: a PING through
 * the present owner, sent when the next one has confirmed, comes back before the word of the end if both had the channel together. If
 * it does not, something may have been published in between, and that is an interruption.
 *
 * <p>The two must be of two shards, by their own words. A master whose replica was promoted stays a master if it owns a slot that the
 * replica did not know of; both are of one shard from then on and pass on to each other what is published at either, so that whoever
 * is subscribed at both gets it twice (seen on Redis 8.0, Valkey 8.1 and 9).
 *
 * <p>On the subscriptions' own thread.
 */
final class Handovers {

    private static final Logger logger = LoggerFactory.getLogger(Handovers.class);

    private final Reconciler reconciler;

    /** Confirmed at their targets, by their sources. */
    private final Map<NodeConnection, List<Handover>> unproven = new LinkedHashMap<>();

    Handovers(Reconciler reconciler) {
        this.reconciler = reconciler;
    }

    /** What a node says of its own slots. */
    void seen(NodeConnection source, NodeSlots slots) {
        Map<NodeConnection, List<Handover>> begun = new LinkedHashMap<>();
        for (WantedChannel channel : source.held.copy()) {
            NodeAddress next = slots.leaving().get(channel.slot);
            Handover handover = channel.handover;
            if (next != null && handover == null && channel.isConfirmed()) {
                NodeConnection target = this.reconciler.node(next);
                // where it is not connected yet, the next look finds it so
                if (target != source && target.connectIfNeeded()) {
                    begun.computeIfAbsent(target, any -> new ArrayList<>(1)).add(begin(channel, source, target));
                }
            } else if (next == null
                    && handover != null
                    && handover.source == source
                    && !handover.isHeard()
                    && slots.owned().get(channel.slot)) {
                giveUp(handover);
            }
        }
        begun.forEach((target, handovers) -> askIfOfTwoShards(source, target, handovers));
    }

    private void askIfOfTwoShards(NodeConnection source, NodeConnection target, List<Handover> handovers) {
        var unused = source.shard().thenAcceptBoth(target.shard(), (one, other) -> {
            if (one.isPresent() && other.isPresent() && !one.equals(other)) {
                ask(target, handovers);
            } else {
                logger.debug("{} and {} are of one shard, or do not tell: {} and {}", source, target, one, other);
            }
        });
    }

    /** Those that have not come to an end meanwhile. */
    private void ask(NodeConnection target, List<Handover> handovers) {
        SlotBatches asking = new SlotBatches(
                Handovers::handedOverStill,
                NodeConnection::subscribeAsking,
                (channel, node, outcome, withOthers) -> answered(channel, outcome));
        for (Handover handover : handovers) {
            if (handover.channel.handover == handover && !handover.isEnding()) {
                handover.early = Early.ASKED;
                if (handover.channel.wantsReadingPaused()) {
                    target.reading().changed(handover.channel);
                }
                target.leftovers.remove(handover.channel.name);
                asking.add(target, handover.channel);
            }
        }
        var unused = asking.send();
    }

    private static BooleanSupplier handedOverStill(WantedChannel channel, NodeConnection target) {
        Handover handover = channel.handover;
        return () -> channel.handover == handover;
    }

    private Handover begin(WantedChannel channel, NodeConnection source, NodeConnection target) {
        Handover handover = new Handover(channel, source, target, this.reconciler.timeline(), Handovers::forget);
        channel.handover = handover;
        source.handovers.add(handover);
        target.handovers.add(handover);
        return handover;
    }

    private void answered(WantedChannel channel, Outcome outcome) {
        Handover handover = channel.handover;
        if (handover == null || handover.isEnding() || handover.early != Early.ASKED) {
            return;
        }
        if (!(outcome instanceof Outcome.Confirmed)) {
            // an atomic migration (Valkey 9) redirects; or it is too late already
            handover.early = Early.REFUSED;
            return;
        }
        handover.early = Early.CONFIRMED;
        if (this.unproven.isEmpty()) {
            this.reconciler.timeline().execute(this::prove);
        }
        this.unproven.computeIfAbsent(handover.source, any -> new ArrayList<>()).add(handover);
        if (handover.endedMeanwhile) {
            endedByTarget(handover);
        }
    }

    /** What a source has ended before is told before the fence passes. */
    private void prove() {
        this.unproven.forEach((source, handovers) -> {
            var unused = source.fence()
                    .thenAccept(passed -> this.reconciler.timeline().execute(() -> {
                        if (passed instanceof Outcome.Confirmed) {
                            handovers.forEach(handover -> handover.proven = true);
                        }
                    }));
        });
        this.unproven.clear();
    }

    /**
     * The server ends a subscription that is, or was, handed over. Returns whether that is all there is to do about it.
     */
    boolean ended(WantedChannel channel, NodeConnection node) {
        Handover handover = channel.handover;
        if (handover == null) {
            return false;
        }
        if (node == handover.source) {
            return endedBySource(handover);
        }
        if (node == handover.target && channel.holder != node) {
            if (!handover.isEnding()) {
                endedByTarget(handover);
            }
            return true;
        }
        return false;
    }

    private boolean endedBySource(Handover handover) {
        WantedChannel channel = handover.channel;
        if (channel.holder != handover.source) {
            // the target has it already
            endNow(handover);
            return true;
        }
        boolean takesOver = handover.early == Early.CONFIRMED && !handover.isEnding() && channel.isConfirmed();
        if (takesOver && handover.proven) {
            this.reconciler.takeOver(channel, handover.source, handover.target);
        } else if (takesOver) {
            this.reconciler.followUnproven(channel, handover.source, handover.target);
        }
        endNow(handover);
        return takesOver;
    }

    /** The cut-over, on Redis 8 and Valkey: the target serves the slot now, and confirms it to who asks again. */
    private void endedByTarget(Handover handover) {
        switch (handover.early) {
            case ASKED -> handover.endedMeanwhile = true;
            case CONFIRMED -> this.reconciler.cutOver(handover.channel, handover.source, handover.target);
            case UNASKED, REFUSED -> {
                // an answer that came too late, to nothing
            }
        }
    }

    /** Where the slot is known to have gone that its source has just ended, null if it is not known. */
    static @Nullable NodeAddress successor(WantedChannel channel, NodeConnection source) {
        Handover handover = channel.handover;
        return handover != null && handover.source == source && !handover.isEnding() ? handover.target.address() : null;
    }

    /** Ends what is beside the holder, as far as it can be. */
    void giveUp(Handover handover) {
        if (handover.isEnding()) {
            return;
        }
        WantedChannel channel = handover.channel;
        boolean maybeSubscribed = handover.early == Early.ASKED || handover.early == Early.CONFIRMED;
        if (channel.holder != handover.target && maybeSubscribed) {
            this.reconciler.arrivals().leaveOver(handover.target, channel.name, true);
        }
        if (channel.holder != handover.source) {
            this.reconciler.arrivals().leaveOver(handover.source, channel.name, false);
        }
        handover.end();
        if (handover.isOver()) {
            forget(handover);
        }
    }

    private void endNow(Handover handover) {
        handover.endNow();
        forget(handover);
    }

    private static void forget(Handover handover) {
        if (handover.channel.handover == handover) {
            handover.channel.handover = null;
        }
        for (NodeConnection node : List.of(handover.source, handover.target)) {
            node.handovers.remove(handover);
            if (handover.channel.holder != node) {
                node.reading().goOnWithout(handover.channel);
            }
            node.closeWhenIdle();
        }
    }

    void disconnected(NodeConnection node) {
        for (Handover handover : List.copyOf(node.handovers)) {
            giveUp(handover);
            if (node == handover.source) {
                endNow(handover);
            }
        }
    }
}
