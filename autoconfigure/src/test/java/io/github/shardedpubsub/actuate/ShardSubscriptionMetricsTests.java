package io.github.shardedpubsub.actuate;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.pipe.Outcome;
import io.github.shardedpubsub.pipe.ReplyError;
import io.github.shardedpubsub.subscription.ChannelState;
import io.github.shardedpubsub.subscription.ChannelStatus;
import io.github.shardedpubsub.subscription.ChannelTransition;
import io.github.shardedpubsub.subscription.Interruption;
import io.github.shardedpubsub.subscription.InterruptionCause;
import io.github.shardedpubsub.subscription.NodeAddress;
import io.github.shardedpubsub.subscription.NodeStatus;
import io.github.shardedpubsub.subscription.SubscriptionObserver;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MockClock;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleConfig;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ShardSubscriptionMetricsTests {

    private static final ChannelName CHANNEL = ChannelName.of("orders");

    private static final NodeAddress NODE = new NodeAddress("127.0.0.1", 7001);

    private static final NodeAddress OTHER = new NodeAddress("127.0.0.1", 7002);

    private final FakeShardSubscriptions subscriptions = new FakeShardSubscriptions();

    private final MockClock clock = new MockClock();

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry(SimpleConfig.DEFAULT, this.clock);

    private final SubscriptionObserver observer;

    ShardSubscriptionMetricsTests() {
        new ShardSubscriptionMetrics(this.subscriptions).bindTo(this.registry);
        this.observer = this.subscriptions.observer();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "server.unsubscribes",
                "redirects",
                "retries",
                "out.of.step",
                "connections.opened",
                "connections.lost",
                "messages.stray",
                "handovers",
                "audit.findings"
            })
    void aCounterShowsZeroBeforeAnythingHappens(String suffix) {
        assertThat(count(suffix)).isZero();
    }

    @ParameterizedTest
    @EnumSource(InterruptionCause.class)
    void interruptionsShowZeroForEveryCauseBeforeAnythingHappens(InterruptionCause cause) {
        assertThat(interruptions(cause).count()).isZero();
        assertThat(begun(cause)).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"confirmed", "refused", "unknown"})
    void fencesShowZeroForEveryOutcomeBeforeAnythingHappens(String outcome) {
        assertThat(fences(outcome).count()).isZero();
    }

    @Test
    void everyMeterHasADescription() {
        assertThat(this.registry.getMeters())
                .allSatisfy(meter -> assertThat(meter.getId().getDescription())
                        .as(meter.getId().getName())
                        .isNotBlank());
    }

    @Test
    void everyMeterHasABaseUnit() {
        assertThat(this.registry.getMeters())
                .allSatisfy(meter -> assertThat(meter.getId().getBaseUnit())
                        .as(meter.getId().getName())
                        .isNotBlank());
    }

    @Test
    void everyMeterIsOfTheTypeAndTagsThatAreDocumented() {
        assertThat(this.registry.getMeters()).extracting(Meter::getId).allSatisfy(DocumentedMeters::isDocumented);
    }

    @ParameterizedTest
    @EnumSource(ChannelState.class)
    void countsTheWantedChannelsByState(ChannelState state) {
        this.subscriptions.with(channel(state, 0), channel(state, 0));

        assertThat(this.registry
                        .get("sharded.pubsub.subscriptions")
                        .tag("state", tag(state))
                        .gauge()
                        .value())
                .isEqualTo(2);
    }

    @Test
    void countsTheConnectionsThatStandAndThoseThatDoNot() {
        this.subscriptions.with(
                new NodeStatus(NODE, true, Instant.EPOCH, 3, null),
                new NodeStatus(OTHER, true, Instant.EPOCH, 3, null),
                new NodeStatus(new NodeAddress("127.0.0.1", 7003), false, Instant.EPOCH, 0, "Connection refused"));

        assertThat(connections("connected")).isEqualTo(2);
        assertThat(connections("disconnected")).isEqualTo(1);
    }

    @Test
    void theUnconfirmedAgeIsThatOfTheChannelThatHasWaitedLongest() {
        this.clock.add(Duration.ofSeconds(60));
        long now = this.clock.wallTime();
        this.subscriptions.with(
                channel(ChannelState.INTERRUPTED, now - 2_000),
                channel(ChannelState.WANTED, now - 30_000),
                channel(ChannelState.SUBSCRIBED, now - 50_000));

        assertThat(unconfirmedAgeSeconds()).isEqualTo(30);
    }

    @Test
    void theUnconfirmedAgeIsZeroWhenEveryChannelIsConfirmed() {
        this.subscriptions.with(channel(ChannelState.SUBSCRIBED, 0));

        assertThat(unconfirmedAgeSeconds()).isZero();
    }

    @ParameterizedTest
    @EnumSource(InterruptionCause.class)
    void timesAnInterruptionThatIsOverByItsCause(InterruptionCause cause) {
        this.observer.channelChanged(
                transition(ChannelState.INTERRUPTED, ChannelState.SUBSCRIBED, cause, Duration.ofMillis(250)));

        assertThat(interruptions(cause).count()).isEqualTo(1);
        assertThat(interruptions(cause).totalTime(TimeUnit.MILLISECONDS)).isEqualTo(250);
        assertThat(begun(cause)).isZero();
    }

    @ParameterizedTest
    @EnumSource(InterruptionCause.class)
    void countsAnInterruptionThatBeginsByItsCause(InterruptionCause cause) {
        this.observer.channelChanged(transition(ChannelState.SUBSCRIBED, ChannelState.INTERRUPTED, cause, null));

        assertThat(begun(cause)).isEqualTo(1);
        assertThat(interruptions(cause).count()).isZero();
    }

    @Test
    void aFirstConfirmationIsNoInterruption() {
        this.observer.channelChanged(new ChannelTransition(
                CHANNEL,
                42,
                ChannelState.SUBSCRIBING,
                ChannelState.SUBSCRIBED,
                NODE,
                null,
                Instant.EPOCH,
                "confirmed"));

        assertThat(this.registry.get("sharded.pubsub.interruptions").timers())
                .allSatisfy(timer -> assertThat(timer.count()).isZero());
    }

    @Test
    void countsWhatServersEndOnTheirOwn() {
        this.observer.endedByServer(CHANNEL, NODE);

        assertThat(count("server.unsubscribes")).isEqualTo(1);
    }

    @Test
    void countsRedirects() {
        this.observer.redirected(42, NODE, OTHER);

        assertThat(count("redirects")).isEqualTo(1);
    }

    @Test
    void countsRetries() {
        this.observer.retried(CHANNEL);

        assertThat(count("retries")).isEqualTo(1);
    }

    @Test
    void countsRepliesOutOfStep() {
        this.observer.outOfStep(NODE, "an echo that was not expected");

        assertThat(count("out.of.step")).isEqualTo(1);
    }

    @Test
    void countsConnectionsOpenedAndLost() {
        this.observer.connected(NODE);
        this.observer.connected(NODE);
        this.observer.disconnected(NODE, "Connection reset by peer");

        assertThat(count("connections.opened")).isEqualTo(2);
        assertThat(count("connections.lost")).isEqualTo(1);
    }

    @Test
    void countsHowOftenReadingIsPaused() {
        this.observer.readingPaused(NODE);

        assertThat(count("reading.pauses")).isEqualTo(1);
    }

    @Test
    void countsStrayMessages() {
        this.observer.strayMessage(CHANNEL, NODE);

        assertThat(count("messages.stray")).isEqualTo(1);
    }

    @Test
    void handoversAndFindingsOfAuditsAreCounted() {
        this.observer.handedOver(CHANNEL, NODE, OTHER);
        this.observer.auditFound(NODE, "the node counts 0 shard channels");

        assertThat(count("handovers")).isEqualTo(1);
        assertThat(count("audit.findings")).isEqualTo(1);
    }

    @ParameterizedTest
    @EnumSource(SubscriptionObserver.ProbeResult.class)
    void probesAreCountedByTheirResult(SubscriptionObserver.ProbeResult result) {
        this.observer.probed(NODE, result);

        for (SubscriptionObserver.ProbeResult each : SubscriptionObserver.ProbeResult.values()) {
            assertThat(this.registry
                            .get("sharded.pubsub.probes")
                            .tag("result", each.name().toLowerCase(Locale.ROOT))
                            .counter()
                            .count())
                    .isEqualTo(each == result ? 1 : 0);
        }
    }

    @Test
    void timesFencesByOutcome() {
        this.observer.unitFinished(NODE, Outcome.CONFIRMED, Duration.ofMillis(1));
        this.observer.unitFinished(
                NODE, new Outcome.Refused(new ReplyError("MOVED 42 127.0.0.1:7002")), Duration.ofMillis(2));
        this.observer.unitFinished(NODE, new Outcome.Unknown("Connection reset by peer"), Duration.ofMillis(3));

        assertThat(fences("confirmed").totalTime(TimeUnit.MILLISECONDS)).isEqualTo(1);
        assertThat(fences("refused").totalTime(TimeUnit.MILLISECONDS)).isEqualTo(2);
        assertThat(fences("unknown").totalTime(TimeUnit.MILLISECONDS)).isEqualTo(3);
    }

    @Test
    void noEventMakesAMeterOfItsOwn() {
        int before = this.registry.getMeters().size();

        for (int i = 0; i < 100; i++) {
            ChannelName channel = ChannelName.of("channel-" + i);
            NodeAddress node = new NodeAddress("127.0.0.1", 7000 + i);
            this.observer.endedByServer(channel, node);
            this.observer.redirected(i, NODE, node);
            this.observer.unitFinished(node, Outcome.CONFIRMED, Duration.ofMillis(1));
            this.observer.strayMessage(channel, node);
        }

        assertThat(this.registry.getMeters()).hasSize(before);
    }

    private double count(String suffix) {
        return this.registry.get("sharded.pubsub." + suffix).counter().count();
    }

    private Timer interruptions(InterruptionCause cause) {
        return this.registry
                .get("sharded.pubsub.interruptions")
                .tag("cause", tag(cause))
                .timer();
    }

    private double begun(InterruptionCause cause) {
        return this.registry
                .get("sharded.pubsub.interruptions.begun")
                .tag("cause", tag(cause))
                .counter()
                .count();
    }

    private Timer fences(String outcome) {
        return this.registry
                .get("sharded.pubsub.fences")
                .tag("outcome", outcome)
                .timer();
    }

    private double connections(String state) {
        return this.registry
                .get("sharded.pubsub.connections")
                .tag("state", state)
                .gauge()
                .value();
    }

    private double unconfirmedAgeSeconds() {
        return this.registry.get("sharded.pubsub.unconfirmed.age").timeGauge().value(TimeUnit.SECONDS);
    }

    private static String tag(Enum<?> constant) {
        return constant.toString().toLowerCase(Locale.ROOT);
    }

    private static ChannelStatus channel(ChannelState state, long sinceMillis) {
        return new ChannelStatus("orders", 42, state, Instant.ofEpochMilli(sinceMillis), NODE, null, 0, null);
    }

    private static ChannelTransition transition(
            ChannelState from, ChannelState to, InterruptionCause cause, @Nullable Duration duration) {
        Interruption interruption = new Interruption(cause, Instant.EPOCH, NODE, duration, "seen");
        return new ChannelTransition(CHANNEL, 42, from, to, NODE, interruption, Instant.EPOCH, "seen");
    }
}
