package io.github.shardedpubsub.subscription.faults;

import static io.github.shardedpubsub.subscription.faults.ObservedSubscriptions.RECOVERY;
import static io.github.shardedpubsub.subscription.faults.ObservedSubscriptions.channels;
import static io.github.shardedpubsub.subscription.faults.ObservedSubscriptions.slot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.LiveTest;
import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.test.RedisCluster;
import io.github.shardedpubsub.test.RedisNode;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Closing in the middle of a fault takes a bounded time, leaves nothing behind, and nothing comes back when the fault is over. */
@LiveTest
@ExtendWith(BufferLeaks.class)
class ShutdownFaultTests {

    private static final List<ChannelName> CHANNELS = channels("closing", 200);

    private static RedisCluster cluster;

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
    void whole() {
        cluster.awaitAgreement();
    }

    private static ObservedSubscriptions subscribed() {
        ObservedSubscriptions application = ObservedSubscriptions.on(cluster);
        application.subscriptions().subscribe(CHANNELS, (channel, payload) -> {});
        application.awaitAllConfirmed();
        return application;
    }

    private static void requireNothingComesBack(ObservedSubscriptions application) {
        await().atMost(RECOVERY).untilAsserted(application::assertNothingIsLeft);
        await().during(Duration.ofSeconds(1)).atMost(RECOVERY).untilAsserted(application::assertNothingIsLeft);
    }

    @Test
    void whileSlotsMove() throws Exception {
        try (ObservedSubscriptions application = subscribed()) {
            AtomicBoolean closed = new AtomicBoolean();
            CompletableFuture<Void> moving = CompletableFuture.runAsync(() -> {
                for (int i = 0; !closed.get(); i++) {
                    int slot = slot(CHANNELS.get(i % CHANNELS.size()));
                    cluster.moveSlot(slot, cluster.otherMaster(cluster.owner(slot)));
                }
            });
            await().atMost(RECOVERY).until(() -> application.endedByServer.get() > 5);
            application.closeSubscriptions();
            closed.set(true);
            moving.get(RECOVERY.toSeconds(), TimeUnit.SECONDS);
            requireNothingComesBack(application);
        }
    }

    @Test
    void whileANodeIsFrozen() {
        RedisNode frozen = cluster.masters().get(0);
        try (ObservedSubscriptions application = subscribed()) {
            frozen.freeze();
            try {
                application.closeSubscriptions();
            } finally {
                frozen.thaw();
            }
            requireNothingComesBack(application);
        }
    }

    @Test
    void whileConnectingToAFrozenNode() {
        RedisNode frozen = cluster.masters().get(0);
        try (ObservedSubscriptions application = ObservedSubscriptions.on(cluster)) {
            application
                    .subscriptions()
                    .subscribe(ChannelName.of(cluster.channelOwnedBy(frozen, "first")), (c, p) -> {});
            application.awaitAllConfirmed();
            cluster.killClients("pubsub");
            frozen.freeze();
            try {
                application.subscriptions().subscribe(CHANNELS, (channel, payload) -> {});
                await().atMost(RECOVERY)
                        .until(() -> application.subscriptions().nodes().size() == 3);
                application.closeSubscriptions();
            } finally {
                frozen.thaw();
            }
            requireNothingComesBack(application);
        }
    }

    @Test
    void whileANodeIsDeadAndRefusesConnections() {
        RedisNode dead = cluster.masters().get(0);
        try (ObservedSubscriptions application = subscribed()) {
            dead.kill();
            await().atMost(RECOVERY)
                    .untilAsserted(() -> assertThat(application.subscriptions().unconfirmed(1))
                            .isNotEmpty());
            application.closeSubscriptions();
            dead.restart();
            requireNothingComesBack(application);
        }
    }

    @Test
    void whileAMasterAndItsReplicaChangePlaces() {
        RedisNode replica = cluster.replicasOf(cluster.masters().get(0)).get(0);
        try (ObservedSubscriptions application = subscribed()) {
            replica.command("CLUSTER", "FAILOVER");
            await().pollInterval(Duration.ofMillis(1))
                    .atMost(RECOVERY)
                    .until(() -> application.endedByServer.get() > 0);
            application.closeSubscriptions();
            await().atMost(RECOVERY).until(() -> replica.role() == RedisNode.Role.MASTER);
            requireNothingComesBack(application);
        }
    }

    @Test
    void whileADeadMastersReplicaIsPromoted() {
        RedisNode dead = cluster.masters().get(0);
        RedisNode replica = cluster.replicasOf(dead).get(0);
        try (ObservedSubscriptions application = subscribed()) {
            dead.kill();
            await().pollInterval(Duration.ofMillis(1))
                    .atMost(RECOVERY)
                    .until(() -> replica.role() == RedisNode.Role.MASTER);
            application.closeSubscriptions();
            requireNothingComesBack(application);
            dead.restart();
            requireNothingComesBack(application);
        }
    }

    @Test
    void whileAllConnectionsAreOpenedAgain() {
        try (ObservedSubscriptions application = subscribed()) {
            cluster.killClients("pubsub");
            application.closeSubscriptions();
            requireNothingComesBack(application);
        }
    }

    @Test
    void whileNobodyServesASlot() {
        int slot = slot(CHANNELS.get(0));
        RedisNode owner = cluster.owner(slot);
        try (ObservedSubscriptions application = subscribed()) {
            cluster.deleteSlots(slot);
            application.closeSubscriptions();
            cluster.addSlots(owner, slot);
            requireNothingComesBack(application);
        }
    }
}
