package io.github.shardedpubsub.actuate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.github.shardedpubsub.actuate.ShardedPubSubEndpoint.ChannelDescriptor;
import io.github.shardedpubsub.actuate.ShardedPubSubEndpoint.CheckDescriptor;
import io.github.shardedpubsub.actuate.ShardedPubSubEndpoint.InterruptionDescriptor;
import io.github.shardedpubsub.actuate.ShardedPubSubEndpoint.LettuceDescriptor;
import io.github.shardedpubsub.actuate.ShardedPubSubEndpoint.MoveDescriptor;
import io.github.shardedpubsub.actuate.ShardedPubSubEndpoint.NodeDescriptor;
import io.github.shardedpubsub.actuate.ShardedPubSubEndpoint.SubscriptionsDescriptor;
import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.pipe.PubSubFence;
import io.github.shardedpubsub.subscription.ChannelState;
import io.github.shardedpubsub.subscription.ChannelStatus;
import io.github.shardedpubsub.subscription.ChannelTransition;
import io.github.shardedpubsub.subscription.Interruption;
import io.github.shardedpubsub.subscription.InterruptionCause;
import io.github.shardedpubsub.subscription.NodeAddress;
import io.github.shardedpubsub.subscription.NodeStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

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

    private final ShardedPubSubEndpoint endpoint =
            new ShardedPubSubEndpoint(this.subscriptions, this.fence, Duration.ofMillis(20));

    @Test
    void whenNothingIsWantedThenEveryCountIsZero() {
        SubscriptionsDescriptor all = this.endpoint.subscriptions();

        assertThat(all.counts())
                .containsOnlyKeys(ChannelState.values())
                .allSatisfy((state, count) -> assertThat(count).isZero());
        assertThat(all.nodes()).isEmpty();
        assertThat(all.channels()).isEmpty();
        assertThat(all.lastMoves()).isEmpty();
    }

    @Test
    void showsTheFenceOfTheApplicationsOwnConnections() {
        assertThat(this.endpoint.subscriptions().lettuce()).isEqualTo(new LettuceDescriptor("not-needed-yet", 0, 0));
        assertThat(new ShardedPubSubEndpoint(this.subscriptions).subscriptions().lettuce())
                .isEqualTo(new LettuceDescriptor("off", 0, 0));
    }

    @Test
    void showsNodesWithTheirConnections() {
        this.subscriptions.with(
                new NodeStatus(BEFORE, false, SINCE, 0, "Connection refused"),
                new NodeStatus(NODE, true, SINCE, 3, null, SINCE));

        assertThat(this.endpoint.subscriptions().nodes())
                .containsExactly(
                        new NodeDescriptor("127.0.0.1:7000", false, SINCE, 0, "Connection refused", null),
                        new NodeDescriptor("127.0.0.1:7001", true, SINCE, 3, null, SINCE));
    }

    @Test
    void showsChannelsWithTheirNodeAndLastInterruption() {
        this.subscriptions.with(new ChannelStatus("orders", 42, ChannelState.SUBSCRIBED, SINCE, NODE, OVER, 1, null));

        SubscriptionsDescriptor all = this.endpoint.subscriptions();

        assertThat(all.counts()).containsEntry(ChannelState.SUBSCRIBED, 1);
        assertThat(all.channels())
                .containsExactly(new ChannelDescriptor(
                        "orders", 42, ChannelState.SUBSCRIBED, SINCE, "127.0.0.1:7001", 1, OVER_DESCRIBED, null));
    }

    @Test
    void anInterruptionThatLastsHasNoDuration() {
        Interruption lasting =
                new Interruption(InterruptionCause.CONNECTION_LOST, SINCE, BEFORE, null, "Connection reset by peer");
        this.subscriptions.with(new ChannelStatus(
                "orders", 42, ChannelState.INTERRUPTED, SINCE, NODE, lasting, 1, "Connection refused"));

        assertThat(this.endpoint.subscriptions().channels())
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

        assertThat(this.endpoint.subscriptions().lastMoves())
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
                .isEqualTo(new ChannelDescriptor("orders", 42, ChannelState.WANTED, SINCE, null, 0, null, null));
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
