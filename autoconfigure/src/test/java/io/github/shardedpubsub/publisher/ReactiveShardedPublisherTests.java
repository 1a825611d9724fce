package io.github.shardedpubsub.publisher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.LiveCluster;
import io.github.shardedpubsub.LiveTest;
import io.github.shardedpubsub.test.RedisCluster;
import io.github.shardedpubsub.test.RedisNode;
import io.lettuce.core.RedisURI;
import io.lettuce.core.cluster.RedisClusterClient;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.RedisSystemException;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

@LiveTest
class ReactiveShardedPublisherTests {

    private static final Duration SOON = Duration.ofSeconds(10);

    private static RedisClusterClient client;

    private final List<String> finished = new CopyOnWriteArrayList<>();

    private final List<String> retried = new CopyOnWriteArrayList<>();

    private final ShardedPublisher publisher =
            new ShardedPublisher(() -> client, null, new PublisherSettings(Duration.ofMillis(500)));

    private final ReactiveShardedPublisher reactive = new ReactiveShardedPublisher(this.publisher);

    @BeforeAll
    static void connect() {
        client = RedisClusterClient.create(
                RedisURI.create("redis://" + LiveCluster.get().addresses().get(0)));
    }

    @AfterAll
    static void disconnect() {
        client.shutdown(0, 2, TimeUnit.SECONDS);
    }

    ReactiveShardedPublisherTests() {
        this.publisher.addObserver(new PublishObserver() {

            @Override
            public void finished(String channel, PublishOutcome outcome, long receivers, Duration took) {
                ReactiveShardedPublisherTests.this.finished.add(channel + " " + outcome);
            }

            @Override
            public void retried(String channel, String reason) {
                ReactiveShardedPublisherTests.this.retried.add(channel);
            }
        });
    }

    @AfterEach
    void close() {
        this.publisher.close();
    }

    private static ShardMessage message(int number) {
        return new ShardMessage("flux-" + number % 7, String.valueOf(number));
    }

    @Test
    void publishesOnceForEachSubscriberAndNotBefore() {
        Mono<Long> message = this.reactive.publish("mono", "x");
        assertThat(this.finished).isEmpty();
        StepVerifier.create(message).expectNext(0L).expectComplete().verify(SOON);
        StepVerifier.create(message).expectNext(0L).expectComplete().verify(SOON);
        assertThat(this.finished).containsExactly("mono PUBLISHED", "mono PUBLISHED");
    }

    @Test
    void goesByTheNameThatReactiveRedisTemplateHas() {
        StepVerifier.create(this.reactive.convertAndSend("mono", "x"))
                .expectNext(0L)
                .expectComplete()
                .verify(SOON);
    }

    @Test
    void tellsOfWhatCannotBeWritten() {
        StepVerifier.create(this.reactive.publish("mono", new Object()))
                .expectError(IllegalArgumentException.class)
                .verify(SOON);
    }

    @Test
    void publishesABatchWhenSubscribed() {
        Flux<Long> batch = this.reactive.publishAll(
                IntStream.range(0, 500).mapToObj(number -> message(number)).toList());
        assertThat(this.finished).isEmpty();
        StepVerifier.create(batch.collectList())
                .expectNext(Collections.nCopies(500, 0L))
                .expectComplete()
                .verify(SOON);
    }

    @Test
    void publishesAStreamAsFastAsThereAreAnswers() {
        List<Long> requested = new CopyOnWriteArrayList<>();
        Flux<ShardMessage> stream =
                Flux.range(0, 2_000).map(number -> message(number)).doOnRequest(requested::add);
        StepVerifier.create(this.reactive.publishAll(stream))
                .expectNextCount(2_000)
                .expectComplete()
                .verify(SOON);
        assertThat(requested).first().isEqualTo(256L);
    }

    @Test
    void sendsNoMoreOfAStreamThanIsAskedFor() {
        Flux<ShardMessage> endless = Flux.generate(sink -> sink.next(new ShardMessage("endless", "x")));
        StepVerifier.create(this.reactive.publishAll(endless), 0)
                .thenRequest(3)
                .expectNext(0L, 0L, 0L)
                .thenCancel()
                .verify(SOON);
        assertThat(this.finished).hasSizeLessThan(600);
    }

    @Test
    void whoCancelsHasNothingOfferedAgain() {
        RedisCluster cluster = LiveCluster.get();
        int slot = RedisCluster.slot("cancelled");
        RedisNode owner = cluster.owner(slot);
        cluster.deleteSlots(slot);
        try (ShardedPublisher patient =
                new ShardedPublisher(() -> client, null, new PublisherSettings(Duration.ofMinutes(1)))) {
            List<String> outcomes = new CopyOnWriteArrayList<>();
            List<String> retries = new CopyOnWriteArrayList<>();
            patient.addObserver(new PublishObserver() {

                @Override
                public void finished(String channel, PublishOutcome outcome, long receivers, Duration took) {
                    outcomes.add(channel + " " + outcome);
                }

                @Override
                public void retried(String channel, String reason) {
                    retries.add(channel);
                }
            });
            StepVerifier.create(new ReactiveShardedPublisher(patient).publish("cancelled", "x"))
                    .thenAwait()
                    .then(() -> await().until(() -> !retries.isEmpty()))
                    .thenCancel()
                    .verify(SOON);
            await().untilAsserted(() -> assertThat(outcomes).containsExactly("cancelled REFUSED"));
        } finally {
            cluster.addSlots(owner, slot);
            cluster.awaitAgreement();
        }
    }

    @Test
    void theFailureOfAStreamIsSprings() {
        RedisCluster cluster = LiveCluster.get();
        int slot = RedisCluster.slot("down");
        RedisNode owner = cluster.owner(slot);
        cluster.deleteSlots(slot);
        try {
            StepVerifier.create(this.reactive.publishAll(
                            List.of(new ShardMessage("down", "x"), new ShardMessage("mono", "x"))))
                    .expectNext(0L)
                    .expectError(RedisSystemException.class)
                    .verify(SOON);
            assertThat(this.retried).contains("down");
        } finally {
            cluster.addSlots(owner, slot);
            cluster.awaitAgreement();
        }
    }
}
