package io.github.shardedpubsub.actuate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;

import io.github.shardedpubsub.actuate.ShardedPubSubEndpoint.ChannelDescriptor;
import io.github.shardedpubsub.actuate.ShardedPubSubEndpoint.ChannelRecoveryDescriptor;
import io.github.shardedpubsub.actuate.ShardedPubSubEndpoint.CheckDescriptor;
import io.github.shardedpubsub.actuate.ShardedPubSubEndpoint.InterruptionDescriptor;
import io.github.shardedpubsub.actuate.ShardedPubSubEndpoint.LettuceDescriptor;
import io.github.shardedpubsub.actuate.ShardedPubSubEndpoint.ListenerDescriptor;
import io.github.shardedpubsub.actuate.ShardedPubSubEndpoint.LossDescriptor;
import io.github.shardedpubsub.actuate.ShardedPubSubEndpoint.MoveDescriptor;
import io.github.shardedpubsub.actuate.ShardedPubSubEndpoint.NodeDescriptor;
import io.github.shardedpubsub.actuate.ShardedPubSubEndpoint.PageDescriptor;
import io.github.shardedpubsub.actuate.ShardedPubSubEndpoint.RecoveryDescriptor;
import io.github.shardedpubsub.actuate.ShardedPubSubEndpoint.SubscriptionsDescriptor;
import io.github.shardedpubsub.listener.ListenerOptions;
import io.github.shardedpubsub.listener.ShardedListenerEndpoint;
import io.github.shardedpubsub.listener.ShardedRedisListenerRegistry;
import io.github.shardedpubsub.listener.ShardedRedisMessageListenerContainer;
import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.pipe.PubSubFence;
import io.github.shardedpubsub.recovery.HistoryLoss;
import io.github.shardedpubsub.recovery.RecoveryCounts;
import io.github.shardedpubsub.recovery.RecoveryStatus;
import io.github.shardedpubsub.recovery.ShardHistory;
import io.github.shardedpubsub.recovery.ShardRecovery;
import io.github.shardedpubsub.recovery.StreamPosition;
import io.github.shardedpubsub.recovery.ToldLoss;
import io.github.shardedpubsub.subscription.ChannelQuery;
import io.github.shardedpubsub.subscription.ChannelState;
import io.github.shardedpubsub.subscription.ChannelStatus;
import io.github.shardedpubsub.subscription.ChannelTransition;
import io.github.shardedpubsub.subscription.Interruption;
import io.github.shardedpubsub.subscription.InterruptionCause;
import io.github.shardedpubsub.subscription.NodeAddress;
import io.github.shardedpubsub.subscription.NodeStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.springframework.boot.actuate.endpoint.InvalidEndpointRequestException;
import org.springframework.data.redis.listener.ChannelTopic;

class ShardedPubSubEndpointTests {

    private static final Instant SINCE = Instant.parse("2026-05-04T10:00:00Z");

    private static final NodeAddress NODE = new NodeAddress("127.0.0.1", 7001);

    private static final NodeAddress BEFORE = new NodeAddress("127.0.0.1", 7000);

    private static final Interruption OVER = new Interruption(
            InterruptionCause.ENDED_BY_SERVER, SINCE.minusMillis(12), BEFORE, Duration.ofMillis(12), "MOVED 42 …");

    private static final InterruptionDescriptor OVER_DESCRIBED = new InterruptionDescriptor(
            InterruptionCause.ENDED_BY_SERVER, SINCE.minusMillis(12), "127.0.0.1:7000", 12L, "MOVED 42 …");

    private final FakeShardSubscriptions subscriptions = new FakeShardSubscriptions();

    private final PubSubFence fence = new PubSubFence(channel -> 0);

    private final ShardedRedisListenerRegistry listeners = new ShardedRedisListenerRegistry();

    private final ShardedPubSubEndpoint endpoint = new ShardedPubSubEndpoint(
            this.subscriptions, this.fence, this.listeners, null, null, Duration.ofMillis(20));

    private static SubscriptionsDescriptor all(ShardedPubSubEndpoint endpoint) {
        return endpoint.subscriptions(null, null, null, null, null);
    }

    @Test
    void whenNothingIsWantedThenEveryCountIsZero() {
        SubscriptionsDescriptor all = all(this.endpoint);

        assertThat(all.counts())
                .containsOnlyKeys(ChannelState.values())
                .allSatisfy((state, count) -> assertThat(count).isZero());
        assertThat(all.nodes()).isEmpty();
        assertThat(all.channels()).isEmpty();
        assertThat(all.listeners()).isEmpty();
        assertThat(all.lastMoves()).isEmpty();
    }

    @Test
    void showsAHundredChannelsWhereNoNumberIsGiven() {
        assertThat(all(this.endpoint).page()).isEqualTo(new PageDescriptor(0, 100, 0));
        assertThat(this.subscriptions.queries()).containsExactly(ChannelQuery.all(100));
        assertThat(this.subscriptions.confirmedChannelsRead()).isFalse();
    }

    @Test
    void showsThePageThatIsAskedFor() {
        ChannelStatus[] three = Stream.of("a", "b", "c")
                .map(name -> new ChannelStatus(name, 42, ChannelState.WANTED, SINCE, null, null, 0, null))
                .toArray(ChannelStatus[]::new);
        this.subscriptions.with(three);

        SubscriptionsDescriptor page =
                this.endpoint.subscriptions("127.0.0.1:7001", ChannelState.WANTED, "orders", 1, 1);

        assertThat(page.page()).isEqualTo(new PageDescriptor(1, 1, 3));
        assertThat(page.channels()).extracting(ChannelDescriptor::channel).containsExactly("b");
        assertThat(this.subscriptions.queries())
                .containsExactly(new ChannelQuery(NODE, ChannelState.WANTED, ChannelName.of("orders"), 1, 1));
    }

    @Test
    void refusesPagesThatAreTooLongAndWhatIsNoPage() {
        assertThatExceptionOfType(InvalidEndpointRequestException.class)
                .isThrownBy(() -> this.endpoint.subscriptions(null, null, null, null, 1001))
                .withMessage("A page has at most 1000 channels, not 1001");
        assertThatExceptionOfType(InvalidEndpointRequestException.class)
                .isThrownBy(() -> this.endpoint.subscriptions(null, null, null, -1, null));
        assertThatExceptionOfType(InvalidEndpointRequestException.class)
                .isThrownBy(() -> this.endpoint.subscriptions("here", null, null, null, null))
                .withMessage("A node is named as host:port, not 'here'");
    }

    @Test
    void hasAConnectionOpenedAnew() {
        this.subscriptions.with(new NodeStatus(NODE, true, SINCE, 3, null));

        assertThat(this.endpoint.reconnect("127.0.0.1:7001"))
                .isEqualTo(new NodeDescriptor("127.0.0.1:7001", true, SINCE, 3, null, null));
        assertThat(this.subscriptions.reconnected()).containsExactly(NODE);
    }

    @Test
    void saysWhichNodesThereAreToConnectTo() {
        this.subscriptions.with(new NodeStatus(NODE, true, SINCE, 3, null));

        assertThatIllegalArgumentException()
                .isThrownBy(() -> this.endpoint.reconnect("127.0.0.1:7005"))
                .withMessage("There is no connection to a node 127.0.0.1:7005, but to [127.0.0.1:7001]");
        assertThat(this.subscriptions.reconnected()).isEmpty();
    }

    @Test
    void pausesAndResumesAListener() {
        ShardedListenerEndpoint listener = registered("orders");
        listener.start();
        assertThat(all(this.endpoint).listeners()).containsExactly(new ListenerDescriptor("orders", 2, true, false));

        assertThat(this.endpoint.pause("orders")).isEqualTo(new ListenerDescriptor("orders", 2, true, true));
        assertThat(listener.isPaused()).isTrue();

        assertThat(this.endpoint.resume("orders")).isEqualTo(new ListenerDescriptor("orders", 2, true, false));
        assertThat(listener.isPaused()).isFalse();
    }

    @Test
    void doesNotPauseAListenerThatIsStoppedOrUnknown() {
        registered("orders");

        assertThatIllegalStateException()
                .isThrownBy(() -> this.endpoint.pause("orders"))
                .withMessageContaining("is stopped");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> this.endpoint.pause("prices"))
                .withMessageContaining("[orders]");
    }

    private ShardedListenerEndpoint registered(String id) {
        ShardedListenerEndpoint listener = new ShardedListenerEndpoint(
                id,
                new ShardedRedisMessageListenerContainer(this.subscriptions),
                (message, pattern) -> {},
                List.of(ChannelTopic.of("a"), ChannelTopic.of("b")),
                ListenerOptions.DEFAULTS);
        this.listeners.register(listener);
        return listener;
    }

    @Test
    void showsTheFenceOfTheApplicationsOwnConnections() {
        assertThat(all(this.endpoint).lettuce()).isEqualTo(new LettuceDescriptor("not-needed-yet", 0, 0));
        assertThat(all(new ShardedPubSubEndpoint(this.subscriptions)).lettuce())
                .isEqualTo(new LettuceDescriptor("off", 0, 0));
    }

    @Test
    void showsNodesWithTheirConnections() {
        this.subscriptions.with(
                new NodeStatus(BEFORE, false, SINCE, 0, "Connection refused"),
                new NodeStatus(NODE, true, SINCE, 3, null, SINCE));

        assertThat(all(this.endpoint).nodes())
                .containsExactly(
                        new NodeDescriptor("127.0.0.1:7000", false, SINCE, 0, "Connection refused", null),
                        new NodeDescriptor("127.0.0.1:7001", true, SINCE, 3, null, SINCE));
    }

    @Test
    void showsChannelsWithTheirNodeAndLastInterruption() {
        this.subscriptions.with(new ChannelStatus("orders", 42, ChannelState.SUBSCRIBED, SINCE, NODE, OVER, 1, null));

        SubscriptionsDescriptor all = all(this.endpoint);

        assertThat(all.counts()).containsEntry(ChannelState.SUBSCRIBED, 1);
        assertThat(all.channels())
                .containsExactly(new ChannelDescriptor(
                        "orders", 42, ChannelState.SUBSCRIBED, SINCE, "127.0.0.1:7001", 1, OVER_DESCRIBED, null, null));
    }

    @Test
    void anInterruptionThatLastsHasNoDuration() {
        Interruption lasting =
                new Interruption(InterruptionCause.CONNECTION_LOST, SINCE, BEFORE, null, "Connection reset by peer");
        this.subscriptions.with(new ChannelStatus(
                "orders", 42, ChannelState.INTERRUPTED, SINCE, NODE, lasting, 1, "Connection refused"));

        assertThat(all(this.endpoint).channels())
                .singleElement()
                .extracting(ChannelDescriptor::lastInterruption)
                .isEqualTo(new InterruptionDescriptor(
                        InterruptionCause.CONNECTION_LOST, SINCE, "127.0.0.1:7000", null, "Connection reset by peer"));
    }

    @Test
    void showsTheLastMoves() {
        this.subscriptions.with(new ChannelTransition(
                ChannelName.of("orders"),
                42,
                ChannelState.INTERRUPTED,
                ChannelState.SUBSCRIBED,
                NODE,
                OVER,
                SINCE,
                "confirmed"));

        assertThat(all(this.endpoint).lastMoves())
                .containsExactly(new MoveDescriptor(
                        SINCE,
                        "orders",
                        42,
                        ChannelState.INTERRUPTED,
                        ChannelState.SUBSCRIBED,
                        "127.0.0.1:7001",
                        OVER_DESCRIBED,
                        "confirmed"));
    }

    @Test
    void showsOneChannel() {
        this.subscriptions.with(new ChannelStatus("orders", 42, ChannelState.WANTED, SINCE, null, null, 0, null));

        assertThat(this.endpoint.channel("orders"))
                .isEqualTo(new ChannelDescriptor("orders", 42, ChannelState.WANTED, SINCE, null, 0, null, null, null));
    }

    @Test
    void whereNoChannelHasAHistoryThereIsNothingOfRecovery() {
        assertThat(all(this.endpoint).recovery()).isEqualTo(new RecoveryDescriptor(0, 0, 0, 0, 0, 0, 0, 0, List.of()));
    }

    @Test
    void showsHowAChannelStandsWithItsHistoryAndWhatBecameOfAll() {
        this.subscriptions.with(
                new ChannelStatus("kept", 7, ChannelState.SUBSCRIBED, SINCE, NODE, null, 0, null),
                new ChannelStatus("orders", 42, ChannelState.SUBSCRIBED, SINCE, NODE, null, 0, null));
        StreamPosition after = StreamPosition.parse("5f7053b90a1b2c3d/7-1");
        StreamPosition before = StreamPosition.parse("5f7053b90a1b2c3d/9-0");
        ToldLoss loss = new ToldLoss(SINCE, "kept", new HistoryLoss(HistoryLoss.Cause.TRIMMED, after, before));
        RecoveryStatus kept =
                new RecoveryStatus("kept", 2, 1, SINCE, before, 3, 1, loss, "NOPERM no permission for 'xrange'");
        ShardRecovery recovery = mock();
        given(recovery.channel(ChannelName.of("kept"))).willReturn(Optional.of(kept));
        given(recovery.behind()).willReturn(List.of(kept));
        given(recovery.channels()).willReturn(5);
        given(recovery.counts()).willReturn(new RecoveryCounts(30, 4, 2, 6, 1));
        given(recovery.lastLosses()).willReturn(List.of(loss));
        ShardHistory history = mock();
        given(history.writesLost()).willReturn(8L);

        SubscriptionsDescriptor all =
                all(new ShardedPubSubEndpoint(this.subscriptions, this.fence, this.listeners, recovery, history));

        LossDescriptor described = new LossDescriptor(
                SINCE, "kept", HistoryLoss.Cause.TRIMMED, "5f7053b90a1b2c3d/7-1", "5f7053b90a1b2c3d/9-0");
        assertThat(all.recovery()).isEqualTo(new RecoveryDescriptor(5, 1, 30, 4, 2, 6, 1, 8, List.of(described)));
        assertThat(all.channels())
                .extracting(ChannelDescriptor::recovery)
                .containsExactly(
                        new ChannelRecoveryDescriptor(
                                2,
                                1,
                                SINCE,
                                "5f7053b90a1b2c3d/9-0",
                                3,
                                1,
                                described,
                                "NOPERM no permission for 'xrange'"),
                        null);
    }

    @Test
    void showsNothingForAChannelThatIsNotWanted() {
        assertThat(this.endpoint.channel("orders")).isNull();
    }

    @Test
    void aCheckOfAllTellsHowManyChannelsWereAskedAbout() {
        this.subscriptions.answeringChecks(CompletableFuture.completedFuture(3));

        CheckDescriptor check = this.endpoint.check();

        assertThat(check.channels()).isEqualTo(3);
        assertThat(check.answered()).isTrue();
        assertThat(this.subscriptions.checked()).containsExactly("all");
    }

    @Test
    void aCheckOfOneChannelAsksAboutItAlone() {
        this.subscriptions.answeringChecks(CompletableFuture.completedFuture(1));

        CheckDescriptor check = this.endpoint.checkChannel("orders");

        assertThat(check.channels()).isEqualTo(1);
        assertThat(this.subscriptions.checked()).containsExactly("orders");
    }

    @Test
    void aCheckThatIsNotAnsweredInTimeSaysSo() {
        this.subscriptions.answeringChecks(new CompletableFuture<>());

        CheckDescriptor check = this.endpoint.check();

        assertThat(check.answered()).isFalse();
        assertThat(check.channels()).isNull();
        assertThat(check.tookMillis()).isGreaterThanOrEqualTo(20);
    }

    @Test
    void aCheckThatFailsTellsTheCause() {
        IllegalArgumentException cause = new IllegalArgumentException("seen");
        this.subscriptions.answeringChecks(CompletableFuture.failedFuture(cause));

        assertThatIllegalStateException().isThrownBy(this.endpoint::check).withCause(cause);
    }
}
