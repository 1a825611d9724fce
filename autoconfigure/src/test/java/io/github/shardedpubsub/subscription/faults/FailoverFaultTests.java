package io.github.shardedpubsub.subscription.faults;

import static io.github.shardedpubsub.subscription.faults.ObservedSubscriptions.RECOVERY;
import static io.github.shardedpubsub.subscription.faults.ObservedSubscriptions.SETTINGS;
import static io.github.shardedpubsub.subscription.faults.ObservedSubscriptions.address;
import static io.github.shardedpubsub.subscription.faults.ObservedSubscriptions.channels;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.LiveTest;
import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.pipe.PipeSettings;
import io.github.shardedpubsub.subscription.InterruptionCause;
import io.github.shardedpubsub.test.RedisCluster;
import io.github.shardedpubsub.test.RedisNode;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.health.contributor.Status;

/** Masters and replicas that change places, die, come back, or leave their shard. */
@LiveTest
@ExtendWith(BufferLeaks.class)
class FailoverFaultTests {

    /** Until the topology has been compared and the channel has been asked for again, where nobody tells. */
    private static final Duration AUDITED = SETTINGS.auditInterval().plusSeconds(2);

    private static final PipeSettings IMPATIENT = new PipeSettings(Duration.ofMillis(500), Duration.ofMillis(500));

    /** A frozen node has been found to be one. */
    private static final Duration NOTICED =
            IMPATIENT.heartbeat().plus(IMPATIENT.fenceTimeout()).multipliedBy(5).dividedBy(4);

    /** From the promotion on. The frozen node is asked, too, and must hold up nothing. */
    private static final Duration FOLLOWED = Duration.ofSeconds(3);

    private static RedisCluster cluster;

    private ObservedSubscriptions application;

    @BeforeAll
    static void start() {
        cluster = RedisCluster.builder()
                .masters(3)
                .replicas(1)
                .nodeTimeout(Duration.ofSeconds(1))
                .start();
    }

    @AfterAll
    static void stop() {
        cluster.close();
    }

    @BeforeEach
    void open() {
        cluster.awaitAgreement();
        this.application = ObservedSubscriptions.on(cluster);
    }

    @AfterEach
    void close() {
        this.application.close();
    }

    private void assertInterruptedBy(InterruptionCause cause, List<ChannelName> channels) {
        assertThat(channels)
                .allSatisfy(channel -> assertThat(this.application.interruptions(channel))
                        .isNotEmpty()
                        .first()
                        .satisfies(
                                interruption -> assertThat(interruption.cause()).isEqualTo(cause)));
    }

    @Test
    void aFailoverThatIsAskedForIsFollowed() {
        RedisNode master = cluster.masters().get(0);
        RedisNode replica = cluster.replicasOf(master).get(0);
        List<ChannelName> channels = this.application.channelsOf(master, "asked-for", 10);
        try (NumberedTraffic traffic = this.application.trafficOn(channels)) {
            cluster.failover(replica);
            traffic.verifyWithinShard("failover asked for", NumberedTraffic.TOLERANCE);
        }
        assertInterruptedBy(InterruptionCause.ENDED_BY_SERVER, channels);
    }

    @Test
    void oneFailoverAndTheNextOneBackAreFollowedToEachNewMaster() {
        RedisNode master = cluster.masters().get(0);
        RedisNode replica = cluster.replicasOf(master).get(0);
        List<ChannelName> channels = this.application.channelsOf(master, "promoted", 10);
        try (NumberedTraffic traffic = this.application.trafficOn(channels)) {
            cluster.forceFailover(replica);
            traffic.awaitFlowing();
            assertThat(channels)
                    .as("no channel stays at the old master, which confirms it as a replica")
                    .allSatisfy(channel ->
                            assertThat(this.application.status(channel).node()).isEqualTo(address(replica)));
            cluster.forceFailover(master);
            traffic.verifyWithinShard("failover and back", NumberedTraffic.TOLERANCE);
        }
        this.application.awaitAtOwners(channels);
    }

    @Test
    void aKilledMastersChannelsGoToThePromotedReplicaAndStayThereWhenItComesBack() {
        RedisNode master = cluster.masters().get(1);
        RedisNode replica = cluster.replicasOf(master).get(0);
        List<ChannelName> channels = this.application.channelsOf(master, "killed", 10);
        try (NumberedTraffic traffic = this.application.trafficOn(channels)) {
            master.kill();
            await().atMost(RECOVERY)
                    .untilAsserted(() ->
                            assertThat(this.application.health().getStatus()).isEqualTo(Status.DOWN));
            assertThat(this.application.health().getDetails().get("unconfirmed"))
                    .asString()
                    .contains("CONNECTION_LOST", address(master).toString());
            await().atMost(RECOVERY).until(() -> replica.role() == RedisNode.Role.MASTER);
            traffic.verify("master killed");
        }
        assertInterruptedBy(InterruptionCause.CONNECTION_LOST, channels);
        this.application.awaitAtOwners(channels);
        assertThat(this.application.health().getStatus()).isEqualTo(Status.UP);

        int interruptions = this.application.transitions().size();
        try (NumberedTraffic traffic = this.application.trafficOn(this.application.channelsOf(replica, "back", 10))) {
            master.restart();
            assertThat(master.role()).isEqualTo(RedisNode.Role.REPLICA);
            traffic.verify("killed master back as replica");
        }
        assertThat(this.application.transitions().stream()
                        .skip(interruptions)
                        .filter(transition -> transition.interruption() != null))
                .as("the return of a node interrupts nothing")
                .isEmpty();
    }

    @Test
    void aFrozenMastersChannelsGoToThePromotedReplicaWhileItIsFrozen() {
        this.application.close();
        this.application = ObservedSubscriptions.on(cluster, ObservedSubscriptions.settings(IMPATIENT));
        RedisNode master = cluster.masters().get(1);
        RedisNode replica = cluster.replicasOf(master).get(0);
        List<ChannelName> channels = this.application.channelsOf(master, "frozen", 10);
        try (NumberedTraffic traffic = this.application.trafficOn(channels)) {
            // what it has delivered, but not passed on to its replica yet, would come again once it is thawed
            traffic.betweenMessages(master::freeze);
            try {
                await().atMost(RECOVERY).until(() -> replica.role() == RedisNode.Role.MASTER);
                await().atMost(FOLLOWED)
                        .untilAsserted(() -> assertThat(channels)
                                .allSatisfy(channel -> assertThat(
                                                this.application.status(channel).node())
                                        .isEqualTo(address(replica))));
                this.application.awaitAllConfirmed();
            } finally {
                master.thaw();
            }
            traffic.verifyWithinShard("master frozen", NumberedTraffic.TOLERANCE.plus(NOTICED));
        }
        assertInterruptedBy(InterruptionCause.CONNECTION_LOST, channels);
    }

    @Test
    void channelsOnAReplicaThatIsGivenAnotherMasterAreTakenToTheirOwner() {
        RedisNode master = cluster.masters().get(2);
        RedisNode replica = cluster.replicasOf(master).get(0);
        List<ChannelName> channels = this.application.channelsOf(master, "reparented", 10);
        try (NumberedTraffic traffic = this.application.trafficOn(channels)) {
            cluster.forceFailover(replica);
            traffic.awaitFlowing();
            // told by Redis 8 and Valkey, and by Redis 7.0 to nobody
            cluster.reparent(master, cluster.otherMaster(replica));
            traffic.verifyWithinShard("replica given another master", AUDITED);
        }
        this.application.awaitAtOwners(channels);
        assertInterruptedBy(InterruptionCause.ENDED_BY_SERVER, channels);
        cluster.reparent(master, replica);
    }

    @Test
    void channelsOnANodeThatIsResetAreTakenToTheirOwner() {
        RedisNode master = cluster.masters().get(2);
        RedisNode replica = cluster.replicasOf(master).get(0);
        List<ChannelName> channels = this.application.channelsOf(master, "reset", 10);
        try (NumberedTraffic traffic = this.application.trafficOn(channels)) {
            cluster.forceFailover(replica);
            traffic.awaitFlowing();
            cluster.reset(master);
            traffic.verifyWithinShard("replica reset", AUDITED);
        }
        this.application.awaitAtOwners(channels);
        assertInterruptedBy(InterruptionCause.ENDED_BY_SERVER, channels);
        cluster.rejoin(master);
        cluster.reparent(master, replica);
    }
}
