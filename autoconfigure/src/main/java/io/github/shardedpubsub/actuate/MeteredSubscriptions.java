package io.github.shardedpubsub.actuate;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.pipe.Outcome;
import io.github.shardedpubsub.subscription.ChannelTransition;
import io.github.shardedpubsub.subscription.Interruption;
import io.github.shardedpubsub.subscription.InterruptionCause;
import io.github.shardedpubsub.subscription.NodeAddress;
import io.github.shardedpubsub.subscription.SubscriptionObserver;
import io.github.shardedpubsub.subscription.SubscriptionObserver.ProbeResult;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;

/**
 * Counts and times what happens to subscriptions. Every meter is looked up once, here at the start: nothing is on the event loop.
 */
final class MeteredSubscriptions implements SubscriptionObserver {

    private enum FenceOutcome {
        CONFIRMED,
        REFUSED,
        UNKNOWN;

        static FenceOutcome of(Outcome outcome) {
            if (outcome instanceof Outcome.Confirmed) {
                return CONFIRMED;
            }
            return outcome instanceof Outcome.Refused ? REFUSED : UNKNOWN;
        }
    }

    private final PerConstant<InterruptionCause, Timer> interruptions;

    private final PerConstant<InterruptionCause, Counter> interruptionsBegun;

    private final PerConstant<FenceOutcome, Timer> fences;

    private final Counter serverUnsubscribes;

    private final Counter redirects;

    private final Counter retries;

    private final Counter readingPauses;

    private final Counter outOfStep;

    private final Counter connectionsOpened;

    private final Counter connectionsLost;

    private final Counter strayMessages;

    private final Counter handovers;

    private final Counter auditFindings;

    private final PerConstant<ProbeResult, Counter> probes;

    MeteredSubscriptions(MeterRegistry registry) {
        this.interruptions = PerConstant.of(
                InterruptionCause.class, cause -> ShardedPubSubMeter.INTERRUPTIONS.timer(registry, cause));
        this.interruptionsBegun = PerConstant.of(
                InterruptionCause.class, cause -> ShardedPubSubMeter.INTERRUPTIONS_BEGUN.counter(registry, cause));
        this.fences = PerConstant.of(FenceOutcome.class, outcome -> ShardedPubSubMeter.FENCES.timer(registry, outcome));
        this.serverUnsubscribes = ShardedPubSubMeter.SERVER_UNSUBSCRIBES.counter(registry);
        this.redirects = ShardedPubSubMeter.REDIRECTS.counter(registry);
        this.retries = ShardedPubSubMeter.RETRIES.counter(registry);
        this.readingPauses = ShardedPubSubMeter.READING_PAUSES.counter(registry);
        this.outOfStep = ShardedPubSubMeter.OUT_OF_STEP.counter(registry);
        this.connectionsOpened = ShardedPubSubMeter.CONNECTIONS_OPENED.counter(registry);
        this.connectionsLost = ShardedPubSubMeter.CONNECTIONS_LOST.counter(registry);
        this.strayMessages = ShardedPubSubMeter.MESSAGES_STRAY.counter(registry);
        this.handovers = ShardedPubSubMeter.HANDOVERS.counter(registry);
        this.auditFindings = ShardedPubSubMeter.AUDIT_FINDINGS.counter(registry);
        this.probes = PerConstant.of(ProbeResult.class, result -> ShardedPubSubMeter.PROBES.counter(registry, result));
    }

    @Override
    public void channelChanged(ChannelTransition transition) {
        Interruption interruption = transition.interruption();
        if (interruption == null) {
            return;
        }
        Duration duration = interruption.duration();
        if (duration == null) {
            this.interruptionsBegun.of(interruption.cause()).increment();
        } else {
            this.interruptions.of(interruption.cause()).record(duration);
        }
    }

    @Override
    public void endedByServer(ChannelName channel, NodeAddress node) {
        this.serverUnsubscribes.increment();
    }

    @Override
    public void redirected(int slot, NodeAddress from, NodeAddress to) {
        this.redirects.increment();
    }

    @Override
    public void unitFinished(NodeAddress node, Outcome outcome, Duration took) {
        this.fences.of(FenceOutcome.of(outcome)).record(took);
    }

    @Override
    public void outOfStep(NodeAddress node, String seen) {
        this.outOfStep.increment();
    }

    @Override
    public void connected(NodeAddress node) {
        this.connectionsOpened.increment();
    }

    @Override
    public void disconnected(NodeAddress node, String reason) {
        this.connectionsLost.increment();
    }

    @Override
    public void readingPaused(NodeAddress node) {
        this.readingPauses.increment();
    }

    @Override
    public void retried(ChannelName channel) {
        this.retries.increment();
    }

    @Override
    public void strayMessage(ChannelName channel, NodeAddress node) {
        this.strayMessages.increment();
    }

    @Override
    public void handedOver(ChannelName channel, NodeAddress from, NodeAddress to) {
        this.handovers.increment();
    }

    @Override
    public void auditFound(NodeAddress node, String finding) {
        this.auditFindings.increment();
    }

    @Override
    public void probed(NodeAddress node, ProbeResult result) {
        this.probes.of(result).increment();
    }
}
