package io.github.shardedpubsub.subscription;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.shardedpubsub.pipe.ChannelName;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

/** From a claim to its confirmation, and back to nothing. */
class SubscribingTests {

    private final Simulation simulation = new Simulation(1, 3);

    @Test
    void theFirstSubscribeWaitsForTheTopology() {
        this.simulation.cluster.refreshFails = true;
        ShardSubscription claim = this.simulation.claim("a");
        this.simulation.run(Duration.ofSeconds(5));

        assertThat(this.simulation.state("a")).isEqualTo(ChannelState.WANTED);
        assertThat(this.simulation.status("a").lastError()).contains("no node is known to serve slot");
        assertThat(this.simulation.cluster.opened).isZero();

        this.simulation.cluster.refreshFails = false;
        this.simulation.until(() -> claim.confirmed().isDone());

        assertThat(this.simulation.owner("a").holds(Simulation.channel("a"))).isTrue();
        assertThat(this.simulation.status("a").lastError()).isNull();
    }

    @Test
    void aClusterThatLetsNobodyInIsAskedSeldomAndSaysWhy() {
        this.simulation.cluster.refreshFails = true;
        this.simulation.claim("a");
        this.simulation.run(Duration.ofSeconds(10));
        assertThat(this.simulation.status("a").lastError()).contains("no node answers");
        int refreshes = this.simulation.cluster.refreshes;

        this.simulation.run(Duration.ofSeconds(20));

        // every one to two seconds
        assertThat(this.simulation.cluster.refreshes - refreshes).isBetween(9, 20);
    }

    @Test
    void aTopologyThatCannotEvenBeAskedForIsAskedForAgain() {
        this.simulation.cluster.refreshThrows = true;
        ShardSubscription claim = this.simulation.claim("a");
        this.simulation.run(Duration.ofSeconds(1));
        this.simulation.cluster.refreshThrows = false;

        this.simulation.until(() -> claim.confirmed().isDone());
    }

    @Test
    void channelsGoOutInOneUnitASlotAndNeverTwoSlotsInOne() {
        List<ChannelName> channels = new ArrayList<>();
        for (int tag = 0; tag < 20; tag++) {
            for (int i = 0; i < 5; i++) {
                channels.add(Simulation.channel("{" + tag + "}" + i));
            }
        }
        List<ShardSubscription> claims = this.simulation.subscriptions.subscribe(channels, (name, payload) -> {});
        this.simulation.until(
                () -> claims.stream().allMatch(claim -> claim.confirmed().isDone()));

        assertThat(this.simulation.cluster.units)
                .hasSize(20)
                .allSatisfy(unit -> assertThat(unit.channels().stream()
                                .map(SimulatedCluster::slot)
                                .distinct())
                        .hasSize(1));
        assertThat(claims).extracting(ShardSubscription::channel).isEqualTo(channels);
    }

    @Test
    void manyChannelsOfOneSlotGoOutInSeveralUnits() {
        List<ChannelName> channels = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            channels.add(Simulation.channel("{tag}" + i));
        }
        List<ShardSubscription> claims = this.simulation.subscriptions.subscribe(channels, (name, payload) -> {});
        this.simulation.until(
                () -> claims.stream().allMatch(claim -> claim.confirmed().isDone()));

        assertThat(this.simulation.cluster.units)
                .hasSize(5)
                .allMatch(unit -> unit.channels().size() == 200);
    }

    @Test
    void aNodeHasOneConnectionOpenedWhenFirstNeededAndClosedWhenIdle() {
        this.simulation.cluster.topologyKnown();
        ShardSubscription first = this.simulation.subscribed("a");
        ShardSubscription second = this.simulation.subscribed("{a}b");
        assertThat(this.simulation.cluster.opened).isOne();
        assertThat(this.simulation.subscriptions.nodes()).singleElement().satisfies(node -> {
            assertThat(node.connected()).isTrue();
            assertThat(node.subscribed()).isEqualTo(2);
        });

        first.release();
        this.simulation.run(Duration.ofMinutes(1));
        assertThat(this.simulation.owner("a").connections()).isOne();

        CompletableFuture<Void> ended = second.release();
        this.simulation.until(ended::isDone);
        this.simulation.run(Duration.ofSeconds(9));
        assertThat(this.simulation.owner("a").connections()).isOne();
        this.simulation.run(Duration.ofSeconds(2));
        assertThat(this.simulation.owner("a").connections()).isZero();
        assertThat(this.simulation.subscriptions.nodes()).isEmpty();
    }

    @Test
    void anIdleConnectionThatIsNeededAgainStaysOpen() {
        this.simulation.subscribed("a").release();
        this.simulation.run(Duration.ofSeconds(9));
        this.simulation.subscribed("a");
        this.simulation.run(Duration.ofMinutes(1));

        assertThat(this.simulation.cluster.opened).isOne();
        assertThat(this.simulation.isSubscribed("a")).isTrue();
    }

    @Test
    void severalClaimsShareOneSubscriptionAndTheLastReleaseEndsIt() {
        ShardSubscription first = this.simulation.subscribed("a");
        ShardSubscription second = this.simulation.claim("a");
        this.simulation.until(() -> second.confirmed().isDone());
        assertThat(this.simulation.unitCount()).isOne();

        CompletableFuture<Void> firstEnded = first.release();
        this.simulation.until(firstEnded::isDone);
        this.simulation.publish("a", "one");
        this.simulation.run(Duration.ofSeconds(1));
        assertThat(this.simulation.unitCount()).isOne();
        assertThat(this.simulation.messages).containsExactly("a:one");

        CompletableFuture<Void> secondEnded = second.release();
        this.simulation.until(secondEnded::isDone);
        assertThat(this.simulation.owner("a").holds(Simulation.channel("a"))).isFalse();
        assertThat(this.simulation.subscriptions.channels()).isEmpty();
    }

    @Test
    void aReleasedClaimGetsNoMessageEvenWhileTheSubscriptionLives() {
        ShardSubscription claim = this.simulation.subscribed("a");
        this.simulation.publish("a", "on its way");
        claim.release();
        this.simulation.publish("a", "too late");
        this.simulation.run(Duration.ofSeconds(1));

        assertThat(this.simulation.messages).isEmpty();
    }

    @Test
    void aClaimReleasedBeforeItsConfirmationIsCancelledAndEndsAtTheServerToo() {
        ShardSubscription claim = this.simulation.claim("a");
        this.simulation.until(() -> this.simulation.unitCount() == 1);
        CompletableFuture<Void> ended = claim.release();
        this.simulation.until(ended::isDone);

        assertThat(claim.confirmed()).isCancelled();
        assertThat(this.simulation.unitsFrom(0)).hasSize(2);
        assertThat(this.simulation.owner("a").holds(Simulation.channel("a"))).isFalse();
    }

    @Test
    void whatIsWantedAgainWhileItIsUnsubscribedIsSubscribedAfterAll() {
        ShardSubscription first = this.simulation.subscribed("a");
        CompletableFuture<Void> ended = first.release();
        this.simulation.until(() -> this.simulation.unitCount() == 2);
        ShardSubscription again = this.simulation.claim("a");
        this.simulation.until(() -> again.confirmed().isDone());

        assertThat(again.confirmed()).isCompletedWithValue(null);
        assertThat(ended).as("the release of the claim before").isCompleted();
        assertThat(this.simulation.unitsFrom(0))
                .extracting(unit -> unit.charAt(0))
                .containsExactly('+', '-', '+');
        assertThat(this.simulation.owner("a").holds(Simulation.channel("a"))).isTrue();
    }

    @Test
    void whatIsWantedAgainBeforeItIsUnsubscribedStaysSubscribed() {
        ShardSubscription first = this.simulation.subscribed("a");
        CompletableFuture<Void> ended = first.release();
        ShardSubscription again = this.simulation.claim("a");
        this.simulation.until(() -> again.confirmed().isDone());
        this.simulation.run(Duration.ofSeconds(1));

        assertThat(ended).as("the release of the claim before").isCompleted();
        assertThat(this.simulation.unitCount()).isOne();
    }

    @Test
    void theLastWishWinsHoweverOftenItChanges() {
        this.simulation.subscribed("a");
        for (int i = 0; i < 50; i++) {
            ShardSubscription claim = this.simulation.claim("b");
            this.simulation.run(Duration.ofNanos(300_000));
            claim.release();
            this.simulation.run(Duration.ofNanos(300_000));
        }
        this.simulation.run(Duration.ofSeconds(1));
        assertThat(this.simulation.owner("b").holds(Simulation.channel("b"))).isFalse();
        assertThat(this.simulation.subscriptions.channel(Simulation.channel("b")))
                .isEmpty();

        ShardSubscription last = this.simulation.claim("b");
        this.simulation.until(() -> last.confirmed().isDone());
        assertThat(this.simulation.owner("b").holds(Simulation.channel("b"))).isTrue();
    }

    @Test
    void releasingTwiceDoesNothing() {
        ShardSubscription claim = this.simulation.subscribed("a");
        this.simulation.cluster.shortestDelay = Duration.ofMillis(100);
        this.simulation.cluster.longestDelay = Duration.ofMillis(101);
        CompletableFuture<Void> ended = claim.release();
        CompletableFuture<Void> endedAgain = claim.release();
        this.simulation.run(Duration.ofMillis(50));
        assertThat(ended).as("before the server has ended it").isNotDone();

        this.simulation.until(ended::isDone);
        assertThat(endedAgain).isCompleted();
    }

    @Test
    void aRefusedUnsubscribeThatLeavesTheSubscriptionAliveIsAskedAgain() {
        SimulatedCluster.Node owner = this.simulation.owner("a");
        ShardSubscription claim = this.simulation.subscribed("a");
        owner.migrating.add(this.simulation.slot("a"));
        CompletableFuture<Void> ended = claim.release();
        this.simulation.run(Duration.ofMillis(30));
        assertThat(ended).isNotDone();
        assertThat(owner.holds(Simulation.channel("a"))).isTrue();

        owner.migrating.clear();
        this.simulation.until(ended::isDone);
        assertThat(owner.holds(Simulation.channel("a"))).isFalse();
    }

    @Test
    void anUnsubscribeThatIsAlwaysRefusedIsGivenUpAndEndsWithTheIdleConnection() {
        SimulatedCluster.Node owner = this.simulation.owner("a");
        ShardSubscription claim = this.simulation.subscribed("a");
        owner.migrating.add(this.simulation.slot("a"));
        CompletableFuture<Void> ended = claim.release();
        this.simulation.until(ended::isDone);
        assertThat(this.simulation.unitCount()).isLessThan(10);
        this.simulation.publish("a", "stray");
        this.simulation.run(Duration.ofSeconds(1));
        assertThat(this.simulation.strays).isOne();
        assertThat(this.simulation.messages).isEmpty();

        this.simulation.run(Duration.ofSeconds(11));
        assertThat(owner.connections()).isZero();
    }

    @Test
    void whatIsWantedAgainAfterARefusedUnsubscribeIsAskedForAtOnce() {
        ShardSubscription claim = this.simulation.subscribed("a");
        this.simulation.owner("a").migrating.add(this.simulation.slot("a"));
        claim.release();
        // in the longest of the waits
        this.simulation.until(() -> this.simulation.unitCount() == 6);
        this.simulation.run(Duration.ofMillis(10));
        ShardSubscription again = this.simulation.claim("a");
        this.simulation.run(Duration.ofMillis(6));

        assertThat(again.confirmed()).isCompleted();
    }

    @Test
    void aRefusalFailsTheClaimAndIsNoRetryStorm() {
        this.simulation.owner("a").denied.add(Simulation.channel("a"));
        ShardSubscription claim = this.simulation.claim("a");
        this.simulation.until(() -> claim.confirmed().isDone());

        assertThat(claim.confirmed())
                .failsWithin(Duration.ZERO)
                .withThrowableThat()
                .havingCause()
                .isInstanceOfSatisfying(
                        ShardSubscriptionRefusedException.class,
                        refusal -> assertThat(refusal.getChannel()).isEqualTo("a"))
                .withMessageContaining("NOPERM");
        assertThat(this.simulation.state("a")).isEqualTo(ChannelState.REFUSED);
        this.simulation.run(Duration.ofSeconds(29));
        assertThat(this.simulation.unitCount()).isOne();
    }

    @Test
    void aRefusedChannelIsAskedForAgainAfterItsTime() {
        this.simulation.owner("a").denied.add(Simulation.channel("a"));
        this.simulation.claim("a");
        this.simulation.run(Duration.ofSeconds(20));
        this.simulation.owner("a").denied.clear();
        this.simulation.run(Duration.ofSeconds(11));

        assertThat(this.simulation.state("a")).isEqualTo(ChannelState.SUBSCRIBED);
        assertThat(this.simulation.unitCount()).isEqualTo(2);
    }

    @Test
    void aNewClaimAsksForARefusedChannelAtOnce() {
        this.simulation.owner("a").denied.add(Simulation.channel("a"));
        this.simulation.claim("a");
        this.simulation.run(Duration.ofSeconds(5));
        ShardSubscription second = this.simulation.claim("a");
        this.simulation.run(Duration.ofSeconds(1));
        assertThat(second.confirmed()).isCompletedExceptionally();
        assertThat(this.simulation.unitCount()).isEqualTo(2);

        this.simulation.owner("a").denied.clear();
        ShardSubscription third = this.simulation.claim("a");
        this.simulation.run(Duration.ofSeconds(1));
        assertThat(third.confirmed()).isCompleted();
        assertThat(this.simulation.isSubscribed("a")).isTrue();
    }

    @Test
    void aRefusedChannelDoesNotDragDownItsNeighboursInTheSlot() {
        this.simulation.cluster.topologyKnown();
        this.simulation.owner("{tag}").denied.add(Simulation.channel("{tag}secret"));
        List<ShardSubscription> claims = this.simulation.subscriptions.subscribe(
                List.of(Simulation.channel("{tag}a"), Simulation.channel("{tag}secret"), Simulation.channel("{tag}b")),
                (name, payload) -> {});
        this.simulation.run(Duration.ofSeconds(1));

        assertThat(this.simulation.isSubscribed("{tag}a")).isTrue();
        assertThat(this.simulation.isSubscribed("{tag}b")).isTrue();
        assertThat(this.simulation.state("{tag}secret")).isEqualTo(ChannelState.REFUSED);
        assertThat(claims.get(0).confirmed()).isCompleted();
        assertThat(claims.get(1).confirmed()).isCompletedExceptionally();
        assertThat(claims.get(1).confirmed().handle((done, failure) -> failure).join())
                .satisfiesAnyOf(
                        failure -> assertThat(failure).isInstanceOf(ShardSubscriptionRefusedException.class),
                        failure -> assertThat(failure).isInstanceOf(CompletionException.class));
        assertThat(this.simulation.unitCount()).isEqualTo(4);

        this.simulation.run(Duration.ofSeconds(40));
        assertThat(this.simulation.unitCount()).isEqualTo(5);
    }

    @Test
    void aReleaseAndAClaimDuringAWaitLeaveNothingOfTheWaitBehind() {
        this.simulation.owner("a").error = "CLUSTERDOWN The cluster is down";
        ShardSubscription first = this.simulation.claim("a");
        this.simulation.run(Duration.ofSeconds(10));
        CompletableFuture<Void> ended = first.release();
        this.simulation.until(ended::isDone);
        this.simulation.owner("a").error = null;
        this.simulation.subscribed("a");
        this.simulation.run(Duration.ofSeconds(10));

        assertThat(this.simulation.isSubscribed("a")).isTrue();
        this.simulation.publish("a", "one");
        this.simulation.run(Duration.ofSeconds(1));
        assertThat(this.simulation.messages).containsExactly("a:one");
    }

    @Test
    void aSinkThatFailsHarmsNeitherTheOtherSinksNorTheConnection() {
        this.simulation.subscriptions.subscribe(Simulation.channel("a"), (name, payload) -> {
            throw new IllegalStateException("a defect of the application");
        });
        this.simulation.subscribed("a");
        this.simulation.publish("a", "one");
        this.simulation.run(Duration.ofSeconds(1));

        assertThat(this.simulation.messages).containsExactly("a:one");
    }
}
