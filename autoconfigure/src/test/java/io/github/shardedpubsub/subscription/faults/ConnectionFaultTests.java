package io.github.shardedpubsub.subscription.faults;

import static io.github.shardedpubsub.subscription.faults.ObservedSubscriptions.RECOVERY;
import static io.github.shardedpubsub.subscription.faults.ObservedSubscriptions.address;
import static io.github.shardedpubsub.subscription.faults.ObservedSubscriptions.channels;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.LiveTest;
import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.pipe.PipeSettings;
import io.github.shardedpubsub.subscription.InterruptionCause;
import io.github.shardedpubsub.subscription.NodeStatus;
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

/** Connections that are closed, refused, silent, or all lost at once. */
@LiveTest
@ExtendWith(BufferLeaks.class)
class ConnectionFaultTests {

    private static final PipeSettings IMPATIENT = new PipeSettings(Duration.ofMillis(500), Duration.ofMillis(500));

    private static RedisCluster cluster;

    private ObservedSubscriptions application;

    @BeforeAll
    static void start() {
        // a master that is away takes its own slots with it, and no others
        cluster = RedisCluster.builder()
                .configuration("cluster-require-full-coverage", "no")
                .start();
    }

    @AfterAll
    static void stop() {
        cluster.close();
    }

    @BeforeEach
    void open() {
        cluster.awaitAgreement();
        this.application = ObservedSubscriptions.on(cluster, ObservedSubscriptions.settings(IMPATIENT));
    }

    @AfterEach
    void close() {
        this.application.close();
    }

    private void assertInterruptedOnceByALostConnection(List<ChannelName> channels) {
        assertThat(channels)
                .allSatisfy(channel -> assertThat(this.application.interruptions(channel))
                        .singleElement()
                        .satisfies(interruption ->
                                assertThat(interruption.cause()).isEqualTo(InterruptionCause.CONNECTION_LOST)));
    }

    private void assertNeverInterrupted(List<ChannelName> channels) {
        assertThat(channels)
                .allSatisfy(channel ->
                        assertThat(this.application.interruptions(channel)).isEmpty());
    }

    @Test
    void connectionsThatTheServersCloseAreOpenedAgainWithAllTheirChannels() {
        List<ChannelName> channels = channels("closed", 30);
        try (NumberedTraffic traffic = this.application.trafficOn(channels)) {
            assertThat(cluster.killClients("pubsub")).isEqualTo(3);
            traffic.verify("connections closed by the servers");
        }
        assertInterruptedOnceByALostConnection(channels);
        assertThat(this.application.connected).hasValue(6);
    }

    @Test
    void aNodeThatRefusesConnectionsForAWhileIsAskedAgainAndAgain() {
        RedisNode down = cluster.masters().get(0);
        List<ChannelName> waiting = this.application.channelsOf(down, "refused", 5);
        List<ChannelName> staying =
                this.application.channelsOf(cluster.masters().get(1), "staying", 5);
        try (NumberedTraffic traffic = this.application.trafficOn(waiting);
                NumberedTraffic others = this.application.trafficOn(staying)) {
            down.kill();
            await().atMost(RECOVERY)
                    .untilAsserted(() -> assertThat(
                                    this.application.subscriptions().nodes())
                            .filteredOn(node -> node.address().equals(address(down)))
                            .singleElement()
                            .satisfies(node -> assertThat(node.lastError()).contains("refused")));
            assertThat(this.application.health().getStatus()).isEqualTo(Status.DOWN);
            // a dead node's connection is opened from time to time only
            assertThat(this.application.disconnected).hasValueLessThan(10);
            down.restart();
            traffic.verify("node refused connections for a while");
            others.verify("others, meanwhile");
        }
        assertInterruptedOnceByALostConnection(waiting);
        assertNeverInterrupted(staying);
        assertThat(this.application.subscriptions().nodes()).allMatch(NodeStatus::connected);
    }

    @Test
    void aFrozenNodeIsNoticedWithinTheTimeThatIsConfigured() {
        RedisNode frozen = cluster.masters().get(0);
        List<ChannelName> silent = this.application.channelsOf(frozen, "frozen", 5);
        List<ChannelName> staying =
                this.application.channelsOf(cluster.masters().get(1), "staying", 5);
        Duration stated = IMPATIENT
                .heartbeat()
                .plus(IMPATIENT.fenceTimeout())
                .multipliedBy(5)
                .dividedBy(4);
        try (NumberedTraffic traffic = this.application.trafficOn(silent);
                NumberedTraffic others = this.application.trafficOn(staying)) {
            frozen.freeze();
            try {
                await("noticed")
                        .atMost(stated.plusSeconds(2))
                        .untilAsserted(() -> assertThat(silent)
                                .allSatisfy(channel -> assertThat(this.application.interruptions(channel))
                                        .singleElement()
                                        .satisfies(interruption -> assertThat(interruption.detail())
                                                .contains("nothing received for 500 ms"))));
                assertThat(this.application.health().getStatus()).isEqualTo(Status.DOWN);
            } finally {
                frozen.thaw();
            }
            traffic.verify("node frozen, heartbeat and fence of 500 ms each", stated.plus(NumberedTraffic.TOLERANCE));
            others.verify("others, meanwhile");
        }
        assertInterruptedOnceByALostConnection(silent);
        assertNeverInterrupted(staying);
    }

    @Test
    void allConnectionsLostAtOnceBringThousandsOfChannelsBackWithoutAHerd() {
        List<ChannelName> channels = channels("thousands", 3_000);
        this.application.subscriptions().subscribe(channels, (channel, payload) -> {});
        this.application.awaitAllConfirmed();
        long slots = channels.stream()
                .mapToInt(ObservedSubscriptions::slot)
                .distinct()
                .count();
        try (NumberedTraffic traffic = this.application.trafficOn(channels.subList(0, 10))) {
            int units = this.application.units.get();
            long accepted = acceptedConnections();
            assertThat(cluster.killClients("pubsub")).isEqualTo(3);
            traffic.awaitFlowing();
            this.application.awaitAllConfirmed();

            assertThat(this.application.units.get() - units)
                    .as("one unit a slot, and each sent once")
                    .isEqualTo((int) slots);
            // ours, and the few by which we and the publisher look at the topology
            assertThat(acceptedConnections() - accepted).isLessThan(60);
            assertThat(this.application.connected).hasValue(6);
            // a channel is told of its interruption after all those before it
            traffic.verify("all connections lost, 3,000 channels", Duration.ofSeconds(1));
        }
        assertInterruptedOnceByALostConnection(channels);
    }

    private static long acceptedConnections() {
        return cluster.nodes().stream()
                .flatMap(node -> node.command("INFO", "stats").lines())
                .filter(line -> line.startsWith("total_connections_received:"))
                .mapToLong(line ->
                        Long.parseLong(line.substring(line.indexOf(':') + 1).strip()))
                .sum();
    }
}
