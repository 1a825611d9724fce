package io.github.shardedpubsub.subscription.faults;

import static io.github.shardedpubsub.subscription.faults.ObservedSubscriptions.RECOVERY;
import static io.github.shardedpubsub.subscription.faults.ObservedSubscriptions.SETTINGS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.LiveTest;
import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.subscription.ChannelState;
import io.github.shardedpubsub.subscription.ShardSubscription;
import io.github.shardedpubsub.subscription.ShardSubscriptionRefusedException;
import io.github.shardedpubsub.test.RedisCluster;
import io.github.shardedpubsub.test.RedisNode;
import io.lettuce.core.RedisCredentials;
import io.lettuce.core.RedisCredentialsProvider;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.health.contributor.Status;
import reactor.core.publisher.Mono;

/** Users who lack a channel, lose it, lose their account, or get another password. */
@LiveTest
@ExtendWith(BufferLeaks.class)
class PermissionFaultTests {

    private static final List<ChannelName> ALLOWED =
            List.of(ChannelName.of("allowed-1"), ChannelName.of("allowed-2"), ChannelName.of("allowed-3"));

    private static RedisCluster cluster;

    private volatile String password = "first";

    private ObservedSubscriptions application;

    @BeforeAll
    static void start() {
        cluster = RedisCluster.start(3, 0);
    }

    @AfterAll
    static void stop() {
        cluster.close();
    }

    @BeforeEach
    void open() {
        createUser();
        RedisCredentialsProvider credentials =
                () -> Mono.fromSupplier(() -> RedisCredentials.just("limited", this.password));
        this.application = ObservedSubscriptions.on(cluster, SETTINGS, credentials);
    }

    @AfterEach
    void close() {
        this.application.close();
    }

    private static void createUser() {
        user("reset", "on", ">first", "~*", "+@all", "&allowed*");
    }

    private static void user(String... rules) {
        for (RedisNode node : cluster.nodes()) {
            String[] command = new String[rules.length + 3];
            command[0] = "ACL";
            command[1] = "SETUSER";
            command[2] = "limited";
            System.arraycopy(rules, 0, command, 3, rules.length);
            node.command(command);
        }
    }

    private void awaitReason(ChannelName channel, String reason) {
        await().atMost(RECOVERY)
                .untilAsserted(() -> assertThat(this.application.health()).satisfies(health -> {
                    assertThat(health.getStatus()).isEqualTo(Status.DOWN);
                    assertThat(health.getDetails().get("unconfirmed"))
                            .asString()
                            .contains(channel.toString(), reason);
                }));
    }

    /** Over three seconds. */
    private void requireNoHotLoop(int attempts) {
        int units = this.application.units.get();
        int disconnected = this.application.disconnected.get();
        await().pollDelay(Duration.ofSeconds(3)).until(() -> true);
        assertThat(this.application.units.get() - units + this.application.disconnected.get() - disconnected)
                .as("attempts in three seconds")
                .isLessThanOrEqualTo(attempts);
    }

    @Test
    void aChannelThatIsRefusedAtTheStartIsSaidSoAndServedOnceItIsAllowed() {
        ChannelName forbidden = ChannelName.of("forbidden");
        try (NumberedTraffic allowed = NumberedTraffic.on(cluster, this.application, ALLOWED)) {
            ShardSubscription claim = this.application.subscriptions().subscribe(forbidden, (channel, payload) -> {});
            assertThat(claim.confirmed())
                    .failsWithin(RECOVERY)
                    .withThrowableThat()
                    .havingCause()
                    .isInstanceOf(ShardSubscriptionRefusedException.class)
                    .withMessageContaining("NOPERM");
            awaitReason(forbidden, "NOPERM");
            assertThat(this.application.status(forbidden).state()).isEqualTo(ChannelState.REFUSED);
            requireNoHotLoop(6);
            user("&forbidden*");
            this.application.awaitAllConfirmed();
            allowed.verify("channel refused at the start, then allowed");
        }
        assertThat(ALLOWED)
                .allSatisfy(channel ->
                        assertThat(this.application.interruptions(channel)).isEmpty());
    }

    @Test
    void aChannelThatIsRevokedIsRefusedAndServedOnceItIsAllowedAgain() {
        ChannelName revoked = ALLOWED.get(0);
        try (NumberedTraffic traffic = NumberedTraffic.on(cluster, this.application, ALLOWED)) {
            user("resetchannels", "&allowed-2", "&allowed-3");
            awaitReason(revoked, "NOPERM");
            await().atMost(RECOVERY)
                    .untilAsserted(
                            () -> assertThat(this.application.subscriptions().counts())
                                    .containsEntry(ChannelState.REFUSED, 1)
                                    .containsEntry(ChannelState.SUBSCRIBED, 2));
            requireNoHotLoop(6);
            user("&allowed-1");
            traffic.verify("channel revoked, then allowed again");
        }
        assertThat(this.application.status(revoked).interruptions()).isOne();
    }

    @Test
    void aUserThatIsDeletedIsTriedSeldomAndServedOnceItIsBack() {
        try (NumberedTraffic traffic = NumberedTraffic.on(cluster, this.application, ALLOWED)) {
            cluster.nodes().forEach(node -> node.command("ACL", "DELUSER", "limited"));
            awaitReason(ALLOWED.get(0), "WRONGPASS");
            requireNoHotLoop(30);
            createUser();
            traffic.verify("user deleted, and made again");
        }
    }

    @Test
    void aPasswordThatIsRotatedIsTakenFromTheCredentialsProviderForTheNextConnection() {
        try (NumberedTraffic traffic = NumberedTraffic.on(cluster, this.application, ALLOWED)) {
            user("resetpass", ">second");
            // what is authenticated stays so, and what comes next must know the new one, which the provider does not
            // yet
            cluster.killClients("pubsub");
            awaitReason(ALLOWED.get(0), "WRONGPASS");
            requireNoHotLoop(30);
            this.password = "second";
            traffic.verify("password rotated, known to the provider seconds later");
        }
    }
}
