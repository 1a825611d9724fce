package io.github.shardedpubsub.subscription;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.subscription.SimulatedCluster.Node;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A slot is seen leaving its owner, and the channel is subscribed at the next owner before it is one. */
class HandoverTests {

    private static final HandoverSettings WATCH =
            new HandoverSettings(Duration.ofSeconds(1), Duration.ofMillis(20), Duration.ofSeconds(10));

    private final Simulation simulation =
            new Simulation(7, 3, Simulation.SETTINGS.withHandover(WATCH).withWarmConnections(true));

    private final SimulatedCluster cluster = this.simulation.cluster;

    private final ChannelName channel = Simulation.channel("a");

    private final int slot = this.simulation.slot("a");

    private final List<String> handedOver = new ArrayList<>();

    private Node source;

    private Node target;

    private ShardSubscription claim;

    HandoverTests() {
        this.claim = this.simulation.subscribed("a");
        this.source = this.simulation.owner("a");
        this.target = this.cluster.other(this.source);
    }

    @BeforeEach
    void observe() {
        this.simulation.subscriptions.addObserver(new SubscriptionObserver() {

            @Override
            public void handedOver(ChannelName name, NodeAddress from, NodeAddress to) {
                HandoverTests.this.handedOver.add(name + ": " + from + " to " + to);
            }
        });
    }

    private void beginMove() {
        int before = this.simulation.unitCount();
        this.cluster.beginMove(this.slot, this.target);
        this.simulation.run(WATCH.interval().plusMillis(50));
        assertThat(this.simulation.unitsFrom(before)).containsExactly("?+a@" + this.target.address.host());
        assertThat(this.target.holds(this.channel)).isTrue();
    }

    @Test
    void whereTheEarlySubscriptionSurvivesNothingIsInterrupted() {
        beginMove();
        this.simulation.publish("a", "1");
        this.cluster.move(this.slot, this.target);
        this.simulation.publish("a", "2");
        this.simulation.run(Duration.ofSeconds(1));
        this.simulation.publish("a", "3");
        this.simulation.run(Duration.ofSeconds(1));

        assertThat(this.simulation.messages).containsExactly("a:1", "a:2", "a:3");
        assertThat(this.simulation.status("a").interruptions()).isZero();
        assertThat(this.simulation.status("a").node()).isEqualTo(this.target.address);
        assertThat(this.handedOver).containsExactly("a: " + this.source.address + " to " + this.target.address);
        assertThat(this.simulation.strays).isZero();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void betweenMastersOfOneShardNothingIsSubscribedEarlySinceItWouldComeTwice(boolean endsEarly) {
        this.cluster.endsEarlySubscriptionsAtCutOver = endsEarly;
        this.target.shard = this.source.shard;
        this.source.passesOnTo = this.target;
        int before = this.simulation.unitCount();
        this.cluster.beginMove(this.slot, this.target);
        this.simulation.run(WATCH.interval().multipliedBy(2));
        this.simulation.publish("a", "1");
        this.simulation.run(Duration.ofMillis(100));
        // the target knows, and the source does not yet
        this.cluster.assign(this.slot, this.target);
        this.target.learn(this.slot);
        this.simulation.run(Duration.ofMillis(100));
        this.simulation.publishAt(this.source, "a", "2");
        this.simulation.run(Duration.ofMillis(100));
        this.cluster.nodes.forEach(node -> node.learn(this.slot));
        this.simulation.run(Duration.ofSeconds(1));
        this.simulation.publish("a", "3");
        this.simulation.run(Duration.ofSeconds(1));

        assertThat(this.simulation.messages).containsExactly("a:1", "a:2", "a:3");
        assertThat(this.simulation.strays).isZero();
        // where it has gone is known all the same
        assertThat(this.simulation.unitsFrom(before)).containsExactly("+a@" + this.target.address.host());
        assertThat(this.simulation.status("a").interruptions()).isEqualTo(1);
    }

    @Test
    void aSourceThatEndedTheChannelBeforeTheTargetHadItHasInterruptedIt() {
        int before = this.simulation.unitCount();
        this.cluster.beginMove(this.slot, this.target);
        this.simulation.until(() -> this.simulation.unitCount() > before);
        // the target is asked, and has not got it yet
        assertThat(this.target.holds(this.channel)).isFalse();
        this.source.slowness = Duration.ofMillis(50);
        this.cluster.move(this.slot, this.target);
        this.simulation.publish("a", "lost");
        this.simulation.until(() -> this.target.holds(this.channel));
        this.simulation.publish("a", "1");
        this.simulation.run(Duration.ofMillis(20));
        // its word comes later than the target's
        this.simulation.publish("a", "2");
        this.simulation.run(Duration.ofSeconds(1));
        this.simulation.publish("a", "3");
        this.simulation.run(Duration.ofSeconds(1));

        assertThat(this.simulation.messages).containsExactly("a:1", "a:2", "a:3");
        assertThat(this.simulation.status("a").interruptions()).isEqualTo(1);
        assertThat(this.simulation.status("a").node()).isEqualTo(this.target.address);
        assertThat(this.handedOver).isEmpty();
    }

    @Test
    void whatAMasterHasDeliveredAndPassesOnToAnotherOfItsShardDoesNotComeAgain() {
        this.target.shard = this.source.shard;
        this.source.passesOnTo = this.target;
        this.cluster.busDelay = Duration.ofMillis(100);
        // what they are is asked with the topology
        this.simulation.run(Duration.ofMinutes(1));
        this.simulation.publish("a", "1");
        this.cluster.move(this.slot, this.target);
        this.simulation.until(() -> this.target.holds(this.channel));
        this.simulation.publish("a", "2");
        this.simulation.run(Duration.ofSeconds(1));

        assertThat(this.simulation.messages).containsExactly("a:1", "a:2");
        assertThat(this.simulation.strays).isZero();
        assertThat(this.simulation.status("a").interruptions()).isEqualTo(1);
    }

    @Test
    void aChannelThatIsReleasedWhileItWaitsForTheBusIsForgotten() {
        this.target.shard = this.source.shard;
        this.cluster.busDelay = Duration.ofMillis(100);
        this.simulation.run(Duration.ofMinutes(1));
        this.cluster.move(this.slot, this.target);
        this.simulation.run(Duration.ofMillis(50));
        assertThat(this.target.holds(this.channel)).isFalse();
        this.claim.release();
        this.simulation.run(Duration.ofSeconds(1));

        assertThat(this.target.holds(this.channel)).isFalse();
        assertThat(this.simulation.subscriptions.channel(this.channel)).isEmpty();
    }

    @Test
    void withoutPermissionForTheFenceASlotIsFollowedAtOnce() {
        this.target.shard = this.source.shard;
        this.source.deniesPublishing = true;
        this.cluster.busDelay = Duration.ofMillis(100);
        this.simulation.run(Duration.ofMinutes(1));
        this.cluster.move(this.slot, this.target);
        this.simulation.run(Duration.ofMillis(50));

        assertThat(this.simulation.status("a").node()).isEqualTo(this.target.address);
        assertThat(this.simulation.status("a").state()).isEqualTo(ChannelState.SUBSCRIBED);
    }

    @Test
    void whatOneShardDeliversTwiceIsNotHeardFromASubscriptionLeftOver() {
        this.target.shard = this.source.shard;
        this.source.passesOnTo = this.target;
        this.target.leaveOver(this.channel);
        this.cluster.beginMove(this.slot, this.target);
        this.simulation.run(WATCH.interval().plusMillis(50));
        this.simulation.publish("a", "1");
        this.simulation.run(Duration.ofMillis(100));
        assertThat(this.simulation.messages).containsExactly("a:1");
        assertThat(this.simulation.strays).isEqualTo(1);
    }

    @Test
    void aNodeThatDoesNotTellItsShardIsNotAskedEarly() {
        this.target.deniesShard = true;
        int before = this.simulation.unitCount();
        this.cluster.beginMove(this.slot, this.target);
        this.simulation.run(WATCH.interval().multipliedBy(2));
        assertThat(this.simulation.unitsFrom(before)).isEmpty();

        this.cluster.move(this.slot, this.target);
        this.simulation.run(Duration.ofSeconds(1));
        assertThat(this.simulation.unitsFrom(before)).containsExactly("+a@" + this.target.address.host());
        assertThat(this.simulation.status("a").node()).isEqualTo(this.target.address);
    }

    @Test
    void serversThatHaveNoNamesForShardsAreOfTwo() {
        this.cluster.nodes.forEach(node -> node.shard = null);
        beginMove();
        this.cluster.move(this.slot, this.target);
        this.simulation.run(Duration.ofSeconds(1));
        assertThat(this.handedOver).containsExactly("a: " + this.source.address + " to " + this.target.address);
    }

    @Test
    void whereItIsEndedAtTheCutOverTheNewOwnerIsAskedAtOnceAndTheOldOneHeardOut() {
        this.cluster.endsEarlySubscriptionsAtCutOver = true;
        beginMove();
        int before = this.simulation.unitCount();
        this.cluster.assign(this.slot, this.target);
        this.target.learn(this.slot);
        this.simulation.until(() -> this.simulation.state("a") == ChannelState.INTERRUPTED);
        this.simulation.publishAt(this.source, "a", "1");
        this.simulation.until(() -> this.simulation.isSubscribed("a"));
        this.simulation.run(Duration.ofMillis(500));
        this.simulation.publishAt(this.source, "a", "2");
        this.simulation.run(Duration.ofMillis(100));
        this.simulation.publish("a", "3");
        this.simulation.run(Duration.ofMillis(100));
        this.cluster.nodes.forEach(node -> node.learn(this.slot));
        this.simulation.run(Duration.ofSeconds(1));

        assertThat(this.simulation.unitsFrom(before)).containsExactly("+a@" + this.target.address.host());
        assertThat(this.simulation.messages).containsExactly("a:1", "a:2", "a:3");
        assertThat(this.simulation.status("a").interruptions()).isEqualTo(1);
        assertThat(this.simulation.strays).isZero();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void noMessageOvertakesOneThatTheOldOwnerSentBefore(boolean endsEarly) {
        this.cluster.endsEarlySubscriptionsAtCutOver = endsEarly;
        beginMove();
        // the new owner is near, the old one far
        this.source.slowness = Duration.ofMillis(80);
        this.cluster.assign(this.slot, this.target);
        this.target.learn(this.slot);
        this.simulation.run(Duration.ofMillis(10));
        for (int i = 0; i < 10; i++) {
            this.simulation.publishAt(this.source, "a", Integer.toString(2 * i));
            this.simulation.publish("a", Integer.toString(2 * i + 1));
            this.simulation.run(Duration.ofMillis(7));
        }
        this.cluster.nodes.forEach(node -> node.learn(this.slot));
        this.simulation.run(Duration.ofSeconds(1));

        List<Integer> received = this.simulation.messages.stream()
                .map(message -> Integer.valueOf(message.substring(2)))
                .toList();
        assertThat(received).hasSize(20).doesNotHaveDuplicates();
        assertThat(received).filteredOn(number -> number % 2 == 0).isSorted();
        assertThat(received).filteredOn(number -> number % 2 == 1).isSorted();
        for (int number = 0; number < 20; number += 2) {
            assertThat(received.indexOf(number + 1))
                    .as("the place of %s from the new owner, published behind %s at the old", number + 1, number)
                    .isGreaterThan(received.indexOf(number));
        }
        assertThat(this.simulation.status("a").node()).isEqualTo(this.target.address);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whoHasNoRoomHearsNeitherNodeAndThenBothInOrder(boolean endsEarly) {
        this.cluster.endsEarlySubscriptionsAtCutOver = endsEarly;
        beginMove();
        this.claim.pauseReading();
        this.simulation.run(Duration.ofMillis(100));
        assertThat(this.source.isReadingPaused()).isTrue();
        assertThat(this.target.isReadingPaused()).isTrue();

        IntStream.range(0, 10).forEach(i -> this.simulation.publish("a", Integer.toString(i)));
        this.cluster.move(this.slot, this.target);
        // more than is held for the sake of order
        IntStream.range(10, 11_000).forEach(i -> this.simulation.publish("a", Integer.toString(i)));
        this.simulation.run(Duration.ofSeconds(1));
        assertThat(this.simulation.messages).isEmpty();

        this.claim.resumeReading();
        this.simulation.run(Duration.ofSeconds(1));
        assertThat(this.source.isReadingPaused()).isFalse();
        assertThat(this.target.isReadingPaused()).isFalse();
        assertThat(this.simulation.status("a").node()).isEqualTo(this.target.address);
        this.simulation.publish("a", "11000");
        this.simulation.run(Duration.ofSeconds(1));
        // where the early subscription is ended at the cut-over, what comes before the next is lost
        IntStream heard = endsEarly
                ? IntStream.concat(IntStream.range(0, 10), IntStream.of(11_000))
                : IntStream.rangeClosed(0, 11_000);
        assertThat(this.simulation.messages)
                .isEqualTo(heard.mapToObj(i -> "a:" + i).toList());
    }

    @Test
    void whoHasNoRoomWhenTheTargetIsAskedHearsNothingFromIt() {
        this.target.slowness = Duration.ofMillis(50);
        this.cluster.beginMove(this.slot, this.target);
        // the target has not told its shard yet
        this.simulation.run(WATCH.interval().plusMillis(20));
        this.claim.pauseReading();
        this.simulation.run(Duration.ofMillis(200));

        assertThat(this.target.holds(this.channel)).isTrue();
        assertThat(this.target.isReadingPaused()).isTrue();
    }

    @Test
    void whoHasNoRoomWhenTheTargetTakesOverHoldsUpTheTargetAlone() {
        AtomicReference<ShardSubscription> full = new AtomicReference<>();
        full.set(this.simulation.subscriptions.subscribe(
                this.channel,
                (name, payload) -> Objects.requireNonNull(full.get()).pauseReading()));
        beginMove();
        this.source.slowness = Duration.ofMillis(80);
        this.cluster.move(this.slot, this.target);
        this.simulation.publish("a", "1");
        this.simulation.run(Duration.ofSeconds(1));

        assertThat(this.simulation.messages).containsExactly("a:1");
        assertThat(this.source.isReadingPaused()).isFalse();
        assertThat(this.target.isReadingPaused()).isTrue();
    }

    @Test
    void aMoveThatIsGivenUpLeavesNothingBehind() {
        beginMove();
        this.cluster.giveUpMove(this.slot);
        // nothing can be ended there any more, and what stays is dead
        this.target.forgetSubscriptions(this.slot);
        this.simulation.run(Duration.ofSeconds(1));
        this.simulation.publish("a", "1");
        this.simulation.run(Duration.ofSeconds(1));

        assertThat(this.simulation.messages).containsExactly("a:1");
        assertThat(this.simulation.status("a").node()).isEqualTo(this.source.address);
        assertThat(this.simulation.status("a").interruptions()).isZero();
        assertThat(this.handedOver).isEmpty();
    }

    @Test
    void whatIsReleasedMeanwhileIsEndedAtBoth() {
        beginMove();
        this.claim.release();
        this.simulation.run(Duration.ofSeconds(1));
        assertThat(this.source.holds(this.channel)).isFalse();
        assertThat(this.target.holds(this.channel)).isFalse();
    }

    @Test
    void aNodeThatRefusesIsNotAskedAgainForTheSameMove() {
        this.target.error = "MOVED " + this.slot + " " + this.source.address;
        this.cluster.beginMove(this.slot, this.target);
        int before = this.simulation.unitCount();
        this.simulation.run(Duration.ofSeconds(5));
        assertThat(this.simulation.unitsFrom(before)).containsExactly("?+a@" + this.target.address.host());

        this.target.error = null;
        this.cluster.move(this.slot, this.target);
        this.simulation.run(Duration.ofSeconds(1));
        // the new owner is known, and the old one is not asked for it
        assertThat(this.simulation.unitsFrom(before + 1)).containsExactly("+a@" + this.target.address.host());
        assertThat(this.simulation.status("a").interruptions()).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aLostConnectionEndsTheHandoverAndNothingElse(boolean ofTheTarget) {
        beginMove();
        (ofTheTarget ? this.target : this.source).loseConnections();
        this.simulation.run(Duration.ofSeconds(3));
        assertThat(this.simulation.status("a").node()).isEqualTo(this.source.address);
        assertThat(this.simulation.status("a").interruptions()).isEqualTo(ofTheTarget ? 0 : 1);
        // and it is begun anew
        assertThat(this.target.holds(this.channel)).isTrue();
        this.cluster.move(this.slot, this.target);
        this.simulation.run(Duration.ofSeconds(1));
        assertThat(this.handedOver).hasSize(1);
    }

    @Test
    void aNodeIsAskedQuicklyOnlyForAWhileAfterAMove() {
        this.cluster.move(this.simulation.slot("a"), this.target);
        this.simulation.run(WATCH.quickFor().plusSeconds(1));
        int before = this.cluster.plainCommands;
        this.simulation.run(Duration.ofSeconds(10));
        assertThat(this.cluster.plainCommands - before).isBetween(8, 12);
    }
}
