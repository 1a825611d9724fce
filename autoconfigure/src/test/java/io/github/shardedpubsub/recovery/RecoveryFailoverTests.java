package io.github.shardedpubsub.recovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.LiveTest;
import io.github.shardedpubsub.recovery.RecoveringApplication.Got;
import io.github.shardedpubsub.test.RedisCluster;
import io.github.shardedpubsub.test.RedisNode;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.RedisSystemException;

/** Channels with a history, and masters that are replaced: what is missing then is told of. */
@LiveTest
class RecoveryFailoverTests {

    private static final Duration SOON = Duration.ofSeconds(30);

    private static final RecoverySettings SETTINGS =
            RecoverySettings.DEFAULTS.withChannels(List.of("kept*")).withLength(20_000);

    private RedisCluster cluster;

    private RecoveringApplication application;

    /** Of what was acknowledged. */
    private int missing;

    @BeforeEach
    void start() {
        this.cluster = RedisCluster.builder()
                .masters(3)
                .replicas(1)
                .nodeTimeout(Duration.ofSeconds(1))
                .start();
        this.application = new RecoveringApplication(
                this.cluster,
                RecoverySettings.DEFAULTS.withChannels(List.of("kept*")).withLength(20_000));
    }

    @AfterEach
    void close() throws Exception {
        this.application.close();
        this.cluster.close();
    }

    @Test
    void aReplicaThatTakesOver() throws Exception {
        whatIsMissingIsToldOf(this::failOver);
    }

    private void failOver() {
        for (RedisNode master : this.cluster.masters()) {
            this.cluster.forceFailover(this.cluster.replicasOf(master).get(0));
        }
    }

    @Test
    void aReplicaThatWasWaitedFor() throws Exception {
        waitFor(1);

        whatIsMissingIsToldOf(this::failOver);

        assertThat(this.missing).isZero();
    }

    @Test
    void replicasThatThereAreNot() throws Exception {
        waitFor(2);
        List<Got> got = this.application.listen("kept");

        assertThatExceptionOfType(RedisSystemException.class)
                .isThrownBy(() -> this.application.publisher().publish("kept", "0"))
                .havingRootCause()
                .withMessageContaining("1 of 2 replicas");

        await().atMost(SOON).until(() -> got.size() == 1);
    }

    private void waitFor(int replicas) throws Exception {
        this.application.close();
        this.application =
                new RecoveringApplication(this.cluster, SETTINGS.withReplicas(replicas, Duration.ofMillis(500)));
    }

    @Test
    void aMasterThatIsKilled() throws Exception {
        whatIsMissingIsToldOf(() -> this.cluster.masters().get(0).kill());
    }

    private void whatIsMissingIsToldOf(Runnable fault) throws Exception {
        List<String> channels =
                IntStream.range(0, 12).mapToObj(i -> "kept-" + i).toList();
        List<List<Got>> got = channels.stream().map(this.application::listen).toList();
        int count;
        List<String> failed;
        try (NumberedPublishing publishing = new NumberedPublishing(this.application.publisher(), channels)) {
            await().atMost(SOON).until(() -> publishing.published() > 50);
            fault.run();
            int soon = publishing.published() + 50;
            await().atMost(SOON).until(() -> publishing.published() > soon);
            count = publishing.stop();
            failed = publishing.failed();
        }
        for (int i = 0; i < channels.size(); i++) {
            String channel = channels.get(i);
            List<Got> here = got.get(i);
            String last = Integer.toString(count - 1);
            await().atMost(SOON)
                    .until(() -> here.stream().anyMatch(each -> each.text().equals(last)));
            List<Integer> numbers =
                    here.stream().map(each -> Integer.valueOf(each.text())).toList();
            assertThat(numbers).as(channel).doesNotHaveDuplicates().isSorted();
            List<Integer> missing = IntStream.range(0, count)
                    .boxed()
                    .filter(number -> !numbers.contains(number) && !failed.contains(channel + " " + number))
                    .toList();
            this.missing += missing.size();
            if (!missing.isEmpty()) {
                assertThat(this.application.losing())
                        .as("%s without %s", channel, missing)
                        .contains(channel);
            }
        }
    }
}
