package io.github.shardedpubsub.actuate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;

import io.github.shardedpubsub.pipe.PubSubFence;
import io.github.shardedpubsub.recovery.HistoryLoss;
import io.github.shardedpubsub.recovery.RecoveryCounts;
import io.github.shardedpubsub.recovery.RecoveryStatus;
import io.github.shardedpubsub.recovery.ShardRecovery;
import io.github.shardedpubsub.recovery.StreamPosition;
import io.github.shardedpubsub.recovery.ToldLoss;
import io.github.shardedpubsub.subscription.ChannelState;
import io.github.shardedpubsub.subscription.ChannelStatus;
import io.github.shardedpubsub.subscription.Interruption;
import io.github.shardedpubsub.subscription.InterruptionCause;
import io.github.shardedpubsub.subscription.NodeAddress;
import io.github.shardedpubsub.subscription.NodeStatus;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;

class ShardedPubSubHealthIndicatorTests {

    private static final Instant NOW = Instant.parse("2026-05-04T10:00:00Z");

    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private static final NodeAddress NODE = new NodeAddress("127.0.0.1", 7001);

    private final FakeShardSubscriptions subscriptions = new FakeShardSubscriptions();

    private final PubSubFence fence = new PubSubFence(channel -> 0);

    private final ShardedPubSubHealthIndicator indicator = new ShardedPubSubHealthIndicator(
            this.subscriptions, PATIENCE, 0, this.fence, null, Clock.fixed(NOW, ZoneOffset.UTC));

    private final ShardRecovery recovery = mock();

    private final ShardedPubSubHealthIndicator recovering = new ShardedPubSubHealthIndicator(
            this.subscriptions, PATIENCE, 0, this.fence, this.recovery, Clock.fixed(NOW, ZoneOffset.UTC));

    private static RecoveryStatus behind(String channel, Instant since, @Nullable String lastError) {
        return new RecoveryStatus(channel, 1, 1, since, null, 0, 0, null, lastError);
    }

    private static ToldLoss loss(String channel, Instant at) {
        return new ToldLoss(at, channel, new HistoryLoss(HistoryLoss.Cause.EXPIRED, StreamPosition.ORIGIN, null));
    }

    @Test
    void saysNothingOfRecoveryWhileThereIsNothingToSay() {
        this.subscriptions.with(confirmed("a"));

        assertThat(this.indicator.health().getDetails()).doesNotContainKey("recovery");
        assertThat(this.recovering.health().getDetails()).doesNotContainKey("recovery");
    }

    @Test
    void saysHowManyChannelsWaitForTheirHistoryAndIsUpHoweverLongAListenerIsSlow() {
        Instant since = NOW.minus(PATIENCE).minusMillis(1);
        given(this.recovery.behind()).willReturn(List.of(behind("a", since, null), behind("b", NOW, null)));

        Health health = this.recovering.health();

        assertThat(health.getStatus()).isEqualTo(Status.UP);
        assertThat(health.getDetails()).containsEntry("recovery", Map.of("behind", 2, "behindSince", since));
    }

    @Test
    void whenAHistoryCannotBeReadWithinThePatienceThenUpAndBeyondItDown() {
        given(this.recovery.behind()).willReturn(List.of(behind("a", NOW.minus(PATIENCE), "WRONGTYPE")));
        assertThat(this.recovering.health().getStatus()).isEqualTo(Status.UP);

        Instant since = NOW.minus(PATIENCE).minusMillis(1);
        given(this.recovery.behind()).willReturn(List.of(behind("a", since, "WRONGTYPE"), behind("b", NOW, null)));
        Health health = this.recovering.health();

        assertThat(health.getStatus()).isEqualTo(Status.DOWN);
        assertThat(health.getDetails())
                .containsEntry(
                        "recovery",
                        Map.of(
                                "behind",
                                2,
                                "behindSince",
                                since,
                                "unreadable",
                                List.of(Map.of("channel", "a", "since", since, "lastError", "WRONGTYPE"))));
    }

    @Test
    void namesNoMoreThanTenHistoriesThatCannotBeRead() {
        given(this.recovery.behind())
                .willReturn(IntStream.range(0, 20)
                        .mapToObj(i -> behind("c" + i, NOW, "NOPERM"))
                        .toList());

        Object recovery = detail(this.recovering.health(), "recovery");

        assertThat(recovery).asInstanceOf(InstanceOfAssertFactories.MAP).containsEntry("behind", 20);
        assertThat((List<?>) ((Map<?, ?>) recovery).get("unreadable")).hasSize(10);
    }

    @Test
    void saysForAnHourWhatAListenerCouldNotHaveAndIsUp() {
        given(this.recovery.counts()).willReturn(new RecoveryCounts(0, 0, 0, 0, 3));
        Instant at = NOW.minus(Duration.ofHours(1)).plusMillis(1);
        given(this.recovery.lastLosses()).willReturn(List.of(loss("b", at), loss("a", at)));

        Health health = this.recovering.health();

        assertThat(health.getStatus()).isEqualTo(Status.UP);
        assertThat(health.getDetails())
                .containsEntry(
                        "recovery",
                        Map.of(
                                "losses",
                                3L,
                                "lastLoss",
                                Map.of("at", at, "channel", "b", "cause", HistoryLoss.Cause.EXPIRED)));

        given(this.recovery.lastLosses()).willReturn(List.of(loss("b", at.minusMillis(1))));
        assertThat(this.recovering.health().getDetails()).doesNotContainKey("recovery");
    }

    @Test
    void saysWhichNodesAreNotReadAndIsUp() {
        this.subscriptions.with(confirmed("a")).with(new NodeStatus(NODE, true, NOW, 1, null, NOW));

        Health health = this.indicator.health();

        assertThat(health.getStatus()).isEqualTo(Status.UP);
        assertThat(health.getDetails()).containsEntry("readingPausedSince", Map.of(NODE.toString(), NOW));
    }

    @Test
    void whenNoChannelIsWantedThenUp() {
        Health health = this.indicator.health();

        assertThat(health.getStatus()).isEqualTo(Status.UP);
        assertThat(counts(health)).containsOnlyKeys(ChannelState.values()).containsEntry(ChannelState.SUBSCRIBED, 0);
        assertThat(health.getDetails()).doesNotContainKey("unconfirmed");
    }

    @Test
    void whenANodeDoesNotDeliverThenDownThoughEveryChannelIsConfirmed() {
        this.subscriptions
                .with(confirmed("a"))
                .with(new NodeStatus(NODE, true, NOW, 1, "a message published at the node did not come back"));

        Health health = this.indicator.health();

        assertThat(health.getStatus()).isEqualTo(Status.DOWN);
        assertThat(health.getDetails())
                .containsEntry(
                        "undelivering", Map.of(NODE.toString(), "a message published at the node did not come back"));
    }

    @Test
    void whenAConnectionIsLostThatNoChannelNeedsThenUp() {
        this.subscriptions.with(confirmed("a")).with(new NodeStatus(NODE, false, NOW, 0, "Connection refused"));

        assertThat(this.indicator.health().getStatus()).isEqualTo(Status.UP);
    }

    @Test
    void saysHowTheFenceOfTheApplicationsOwnConnectionsStands() {
        assertThat(this.indicator.health().getDetails()).containsEntry("lettuce", Map.of("fence", "not-needed-yet"));
        assertThat(new ShardedPubSubHealthIndicator(this.subscriptions, PATIENCE)
                        .health()
                        .getDetails())
                .containsEntry("lettuce", Map.of("fence", "off"));
    }

    @Test
    void whenEveryChannelIsConfirmedThenUpWithTheirNumber() {
        this.subscriptions.with(confirmed("a"), confirmed("b"));

        Health health = this.indicator.health();

        assertThat(health.getStatus()).isEqualTo(Status.UP);
        assertThat(counts(health)).containsEntry(ChannelState.SUBSCRIBED, 2);
        assertThat(health.getDetails()).doesNotContainKey("unconfirmed");
    }

    @Test
    void whenAChannelIsUnconfirmedWithinThePatienceThenUpAndNamed() {
        this.subscriptions.with(confirmed("a"), interrupted("b", NOW.minus(PATIENCE)));

        Health health = this.indicator.health();

        assertThat(health.getStatus()).isEqualTo(Status.UP);
        assertThat(unconfirmed(health))
                .singleElement()
                .satisfies(channel -> assertThat(channel).containsEntry("channel", "b"));
    }

    @Test
    void whenAChannelIsUnconfirmedBeyondThePatienceThenDown() {
        this.subscriptions.with(
                confirmed("a"), interrupted("b", NOW.minus(PATIENCE).minusMillis(1)));

        assertThat(this.indicator.health().getStatus()).isEqualTo(Status.DOWN);
    }

    @Test
    void tellsWhichChannelIsDownAndWhyAndSinceWhen() {
        Instant since = NOW.minusSeconds(60);
        this.subscriptions.with(interrupted("orders", since));

        assertThat(unconfirmed(this.indicator.health()))
                .containsExactly(Map.of(
                        "channel",
                        "orders",
                        "slot",
                        42,
                        "state",
                        ChannelState.INTERRUPTED,
                        "since",
                        since,
                        "node",
                        "127.0.0.1:7001",
                        "cause",
                        InterruptionCause.CONNECTION_LOST,
                        "lastError",
                        "Connection refused"));
    }

    @Test
    void whenNoNodeWasEverAskedThenTheNodeAndTheErrorAreAbsent() {
        Instant since = NOW.minusSeconds(60);
        this.subscriptions.with(new ChannelStatus("orders", 42, ChannelState.WANTED, since, null, null, 0, null));

        Health health = this.indicator.health();

        assertThat(health.getStatus()).isEqualTo(Status.DOWN);
        assertThat(unconfirmed(health))
                .containsExactly(Map.of("channel", "orders", "slot", 42, "state", ChannelState.WANTED, "since", since));
    }

    @Test
    void whenAChannelIsRefusedThenDownWithTheServersError() {
        String error = "NOPERM No permissions to access a channel";
        this.subscriptions.with(
                new ChannelStatus("orders", 42, ChannelState.REFUSED, NOW.minusSeconds(60), NODE, null, 0, error));

        Health health = this.indicator.health();

        assertThat(health.getStatus()).isEqualTo(Status.DOWN);
        assertThat(unconfirmed(health))
                .singleElement()
                .satisfies(channel -> assertThat(channel)
                        .containsEntry("state", ChannelState.REFUSED)
                        .containsEntry("lastError", error));
    }

    @Test
    void whenAnInterruptionIsOverThenItIsNoCause() {
        Interruption over = interruption(NOW.minusSeconds(90), Duration.ofSeconds(1));
        this.subscriptions.with(
                new ChannelStatus("orders", 42, ChannelState.REFUSED, NOW.minusSeconds(60), NODE, over, 1, "NOPERM"));

        assertThat(unconfirmed(this.indicator.health()))
                .singleElement()
                .satisfies(channel -> assertThat(channel).doesNotContainKey("cause"));
    }

    @Test
    void namesTheTenChannelsThatHaveWaitedLongestAndCountsAll() {
        this.subscriptions.with(IntStream.range(0, 25)
                .mapToObj(i -> interrupted("channel-" + i, NOW.minusSeconds(100 + i)))
                .toArray(ChannelStatus[]::new));

        Health health = this.indicator.health();

        assertThat(unconfirmed(health))
                .extracting(channel -> channel.get("channel"))
                .hasSize(10)
                .startsWith("channel-24", "channel-23");
        assertThat(counts(health)).containsEntry(ChannelState.INTERRUPTED, 25);
    }

    @Test
    void doesNotLookAtConfirmedChannels() {
        this.subscriptions.with(confirmed("a"), interrupted("b", NOW.minusSeconds(60)));

        this.indicator.health();

        assertThat(this.subscriptions.confirmedChannelsRead()).isFalse();
    }

    @Test
    void isUpWhileNoMoreChannelsAreOverdueThanAreTolerated() {
        ShardedPubSubHealthIndicator tolerant = new ShardedPubSubHealthIndicator(
                this.subscriptions, PATIENCE, 12, this.fence, this.recovery, Clock.fixed(NOW, ZoneOffset.UTC));
        Instant overdue = NOW.minus(PATIENCE).minusMillis(1);

        this.subscriptions.with(interrupted(12, overdue));
        assertThat(tolerant.health().getStatus()).isEqualTo(Status.UP);
        assertThat(unconfirmed(tolerant.health())).hasSize(10);

        this.subscriptions.with(interrupted(13, overdue));
        assertThat(tolerant.health().getStatus()).isEqualTo(Status.DOWN);
        assertThat(unconfirmed(tolerant.health())).hasSize(10);

        this.subscriptions.with(interrupted(12, overdue));
        given(this.recovery.behind()).willReturn(List.of(behind("a", overdue, "NOPERM")));
        assertThat(tolerant.health().getStatus()).isEqualTo(Status.DOWN);
    }

    @Test
    void namesNoMoreThanTenNodes() {
        this.subscriptions.with(IntStream.range(0, 20)
                .mapToObj(i -> new NodeStatus(new NodeAddress("n" + i, 1), true, NOW, 1, "nothing came back", NOW))
                .toArray(NodeStatus[]::new));

        Health health = this.indicator.health();

        assertThat(health.getStatus()).isEqualTo(Status.DOWN);
        assertThat((Map<?, ?>) detail(health, "undelivering")).hasSize(10);
        assertThat((Map<?, ?>) detail(health, "readingPausedSince")).hasSize(10);
    }

    private static ChannelStatus[] interrupted(int count, Instant since) {
        return IntStream.range(0, count)
                .mapToObj(i -> interrupted("c" + i, since))
                .toArray(ChannelStatus[]::new);
    }

    @Test
    void tellsThePatience() {
        assertThat(this.indicator.health().getDetails()).containsEntry("patienceMillis", 5000L);
    }

    private static ChannelStatus confirmed(String channel) {
        return new ChannelStatus(channel, 42, ChannelState.SUBSCRIBED, NOW.minusSeconds(3600), NODE, null, 0, null);
    }

    private static ChannelStatus interrupted(String channel, Instant since) {
        return new ChannelStatus(
                channel, 42, ChannelState.INTERRUPTED, since, NODE, interruption(since, null), 1, "Connection refused");
    }

    private static Interruption interruption(Instant since, @Nullable Duration duration) {
        return new Interruption(InterruptionCause.CONNECTION_LOST, since, NODE, duration, "Connection reset by peer");
    }

    @SuppressWarnings("unchecked")
    private static Map<ChannelState, Integer> counts(Health health) {
        return (Map<ChannelState, Integer>) detail(health, "channels");
    }

    @SuppressWarnings("unchecked")
    private static List<Map<String, Object>> unconfirmed(Health health) {
        return (List<Map<String, Object>>) detail(health, "unconfirmed");
    }

    private static Object detail(Health health, String key) {
        return Objects.requireNonNull(health.getDetails().get(key));
    }
}
