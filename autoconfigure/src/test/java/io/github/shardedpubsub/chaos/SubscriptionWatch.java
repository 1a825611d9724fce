package io.github.shardedpubsub.chaos;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.subscription.ChannelState;
import io.github.shardedpubsub.subscription.ChannelTransition;
import io.github.shardedpubsub.subscription.NodeAddress;
import io.github.shardedpubsub.subscription.SubscriptionObserver;
import java.time.Instant;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.LongAdder;

/** Enters every change into its channel's ledger, and counts the rest. */
final class SubscriptionWatch implements SubscriptionObserver {

    private final Map<ChannelName, ? extends Ledger> ledgers;

    private final LongAdder interruptions = new LongAdder();

    private final LongAdder strays = new LongAdder();

    private final Queue<String> outOfStep = new ConcurrentLinkedQueue<>();

    SubscriptionWatch(Map<ChannelName, ? extends Ledger> ledgers) {
        this.ledgers = ledgers;
    }

    @Override
    public void channelChanged(ChannelTransition transition) {
        if (transition.to() == ChannelState.INTERRUPTED) {
            this.interruptions.increment();
        }
        Ledger ledger = this.ledgers.get(transition.channel());
        if (ledger != null) {
            ledger.changed(transition);
        }
    }

    @Override
    public void outOfStep(NodeAddress node, String seen) {
        this.outOfStep.add(Instant.now() + " at " + node + ": " + seen);
    }

    @Override
    public void strayMessage(ChannelName channel, NodeAddress node) {
        this.strays.increment();
    }

    /** What was seen each time replies did not fit what was asked: never anything. */
    Queue<String> outOfStep() {
        return this.outOfStep;
    }

    @Override
    public String toString() {
        return this.interruptions + " interruptions, " + this.strays + " stray messages";
    }
}
