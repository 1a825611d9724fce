package io.github.shardedpubsub.publisher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.shardedpubsub.LiveCluster;
import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import io.github.shardedpubsub.subscription.SlotFollowingSubscriptions;
import io.github.shardedpubsub.subscription.SubscriptionSettings;
import io.github.shardedpubsub.test.RedisCluster;
import io.lettuce.core.RedisURI;
import io.lettuce.core.cluster.RedisClusterClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.dao.DataAccessException;
import org.springframework.data.redis.RedisSystemException;
import org.springframework.data.redis.serializer.JacksonJsonRedisSerializer;

class ShardedPublisherTests {

    private static RedisClusterClient client;

    private static ShardSubscriptions subscriptions;

    private final BlockingQueue<String> received = new LinkedBlockingQueue<>();

    private final ShardedPublisher publisher =
            new ShardedPublisher(() -> client, new JacksonJsonRedisSerializer<>(Object.class));

    @BeforeAll
    static void connect() {
        client = newClient();
        subscriptions = SlotFollowingSubscriptions.start(client, SubscriptionSettings.DEFAULTS);
    }

    private static RedisClusterClient newClient() {
        return RedisClusterClient.create(LiveCluster.get().addresses().stream()
                .map(address -> RedisURI.create("redis://" + address))
                .toList());
    }

    @AfterAll
    static void disconnect() {
        subscriptions.close();
        client.shutdown(0, 0, TimeUnit.SECONDS);
    }

    @AfterEach
    void closePublisher() {
        this.publisher.close();
    }

    private void subscribe(String... channels) {
        for (String channel : channels) {
            subscriptions
                    .subscribe(
                            ChannelName.of(channel),
                            (name, payload) -> this.received.add(new String(payload, StandardCharsets.UTF_8)))
                    .confirmed()
                    .orTimeout(5, TimeUnit.SECONDS)
                    .join();
        }
    }

    private String next() throws InterruptedException {
        return String.valueOf(this.received.poll(5, TimeUnit.SECONDS));
    }

    record Order(String item, int count) {}

    @Test
    void publishesTextBytesAndObjects() throws InterruptedException {
        subscribe("pub-kinds");
        assertThat(this.publisher.publish("pub-kinds", "grün")).isEqualTo(1);
        assertThat(next()).isEqualTo("grün");
        assertThat(this.publisher.publish("pub-kinds", "grün".getBytes(StandardCharsets.UTF_8)))
                .isEqualTo(1);
        assertThat(next()).isEqualTo("grün");
        assertThat(this.publisher.publish("pub-kinds", new Order("tea", 2))).isEqualTo(1);
        assertThat(next()).isEqualTo("{\"item\":\"tea\",\"count\":2}");
        assertThat(this.publisher.publish("pub-kinds", Map.of("item", "tea"))).isEqualTo(1);
        assertThat(next()).isEqualTo("{\"item\":\"tea\"}");
        assertThat(this.publisher.publish("pub-kinds", 42)).isEqualTo(1);
        assertThat(next()).isEqualTo("42");
    }

    @Test
    void goesByTheNameThatRedisTemplateHas() throws InterruptedException {
        subscribe("pub-template");
        assertThat(this.publisher.convertAndSend("pub-template", new Order("tea", 2)))
                .isEqualTo(1);
        assertThat(next()).isEqualTo("{\"item\":\"tea\",\"count\":2}");
    }

    @Test
    void publishesManyAtOnceInTheirOrder() throws InterruptedException {
        subscribe("pub-many:{1}", "pub-many:{2}");
        List<ShardMessage> messages = IntStream.range(0, 1_000)
                .mapToObj(i -> new ShardMessage("pub-many:{" + i % 3 + "}", String.valueOf(i)))
                .toList();
        assertThat(this.publisher.publishAll(messages))
                .containsExactlyElementsOf(IntStream.range(0, 1_000)
                        .mapToObj(i -> i % 3 == 0 ? 0L : 1L)
                        .toList());
        List<Integer> all = new ArrayList<>();
        for (int i = 0; i < 666; i++) {
            all.add(Integer.valueOf(next()));
        }
        assertThat(all.stream().filter(i -> i % 3 == 1)).isSorted().hasSize(333);
        assertThat(all.stream().filter(i -> i % 3 == 2)).isSorted().hasSize(333);
    }

    @Test
    void tellsOfEachOfManyWhatBecameOfIt() {
        List<CompletableFuture<Long>> answers = this.publisher.publishAllAsync(
                List.of(new ShardMessage("pub-each:{1}", "x"), new ShardMessage("pub-each:{2}", new Order("tea", 2))));
        assertThat(answers)
                .hasSize(2)
                .allSatisfy(answer ->
                        assertThat(answer).succeedsWithin(Duration.ofSeconds(5)).isEqualTo(0L));
    }

    @Test
    void sendsNoneOfManyIfOneCannotBeWritten() throws InterruptedException {
        subscribe("pub-none");
        try (ShardedPublisher plain = new ShardedPublisher(() -> client, null)) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> plain.publishAll(List.of(
                            new ShardMessage("pub-none", "first"), new ShardMessage("pub-none", new Order("tea", 2)))));
        }
        this.publisher.publish("pub-none", "second");
        assertThat(next()).isEqualTo("second");
    }

    @Test
    void tellsThatNobodyListens() {
        assertThat(this.publisher.publish("pub-nobody", "x")).isZero();
    }

    @Test
    void takesWildcardsForLetters() throws InterruptedException {
        subscribe("pub-*[a]?");
        assertThat(this.publisher.publish("pub-*[a]?", "x")).isEqualTo(1);
        assertThat(next()).isEqualTo("x");
    }

    @Test
    void publishesToEveryNode() {
        List<String> channels = LiveCluster.get().masters().stream()
                .map(master -> LiveCluster.get().channelOwnedBy(master, "pub-every"))
                .toList();
        subscribe(channels.toArray(String[]::new));
        assertThat(channels)
                .allSatisfy(channel ->
                        assertThat(this.publisher.publish(channel, "x")).isEqualTo(1));
    }

    @Test
    void followsASlotThatMoved() throws InterruptedException {
        subscribe("pub-moves");
        assertThat(this.publisher.publish("pub-moves", "1")).isEqualTo(1);
        LiveCluster.moveSlotOf("pub-moves");
        assertThat(this.publisher.publishAsync("pub-moves", "2")).succeedsWithin(Duration.ofSeconds(5));
        assertThat(next()).isEqualTo("1");
    }

    @Test
    void keepsTheOrderFromTheFirstMessageOnAndAcrossNodes() throws InterruptedException {
        List<String> channels = LiveCluster.get().masters().stream()
                .map(master -> LiveCluster.get().channelOwnedBy(master, "pub-order"))
                .toList();
        for (int round = 0; round < 5; round++) {
            // A new client each time, so that neither topology nor any connection is there yet.
            RedisClusterClient fresh = newClient();
            try (ShardedPublisher cold = new ShardedPublisher(() -> fresh, null)) {
                for (String channel : channels) {
                    subscribe(channel + "-" + round);
                }
                List<CompletableFuture<Long>> answers = new ArrayList<>();
                for (int i = 0; i < 300; i++) {
                    for (String channel : channels) {
                        answers.add(cold.publishAsync(channel + "-" + round, channel + ":" + i));
                    }
                }
                assertThat(CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new)))
                        .succeedsWithin(Duration.ofSeconds(10));
                List<String> all = new ArrayList<>();
                for (int i = 0; i < 300 * channels.size(); i++) {
                    all.add(next());
                }
                for (String channel : channels) {
                    assertThat(all.stream().filter(message -> message.startsWith(channel + ":")))
                            .containsExactlyElementsOf(IntStream.range(0, 300)
                                    .mapToObj(i -> channel + ":" + i)
                                    .toList());
                }
            } finally {
                fresh.shutdown(0, 0, TimeUnit.SECONDS);
            }
        }
    }

    @Test
    void refusesObjectsWithoutASerializer() {
        try (ShardedPublisher plain = new ShardedPublisher(() -> client, null)) {
            assertThat(plain.publish("pub-plain", "x")).isZero();
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> plain.publish("pub-plain", new Order("tea", 2)))
                    .withMessageContaining("Order cannot be published")
                    .withMessageContaining("tools.jackson.core:jackson-databind");
        }
    }

    @Test
    void failsWithSpringsExceptionsWhenTheServerRefuses() {
        RedisCluster cluster = LiveCluster.get();
        cluster.masters()
                .forEach(node ->
                        node.command("ACL", "SETUSER", "mute", "on", ">secret", "+@all", "-spublish", "~*", "&*"));
        RedisClusterClient mute = RedisClusterClient.create(
                RedisURI.create("redis://mute:secret@" + cluster.addresses().get(0)));
        try (ShardedPublisher refused = new ShardedPublisher(() -> mute, null)) {
            assertThatExceptionOfType(RedisSystemException.class)
                    .isThrownBy(() -> refused.publish("pub-refused", "x"))
                    .withStackTraceContaining("NOPERM")
                    .withStackTraceContaining("failsWithSpringsExceptionsWhenTheServerRefuses");
            assertThat(refused.publishAsync("pub-refused", "x"))
                    .failsWithin(Duration.ofSeconds(5))
                    .withThrowableOfType(java.util.concurrent.ExecutionException.class)
                    .withCauseInstanceOf(DataAccessException.class);
        } finally {
            mute.shutdown(0, 0, TimeUnit.SECONDS);
        }
    }

    @Test
    void triesAgainAfterTheClusterCouldNotBeReached() {
        RedisClusterClient nowhere = RedisClusterClient.create("redis://127.0.0.1:1");
        AtomicReference<RedisClusterClient> current = new AtomicReference<>(nowhere);
        try (ShardedPublisher patient = new ShardedPublisher(current::get, null)) {
            assertThatExceptionOfType(DataAccessException.class).isThrownBy(() -> patient.publish("pub-again", "x"));
            assertThatExceptionOfType(DataAccessException.class).isThrownBy(() -> patient.publish("pub-again", "x"));
            current.set(client);
            assertThat(patient.publish("pub-again", "x")).isZero();
        } finally {
            nowhere.shutdown(0, 0, TimeUnit.SECONDS);
        }
    }

    @Test
    void failsWhenItIsClosed() {
        this.publisher.publish("pub-closed", "x");
        this.publisher.close();
        assertThatExceptionOfType(DataAccessException.class)
                .isThrownBy(() -> this.publisher.publish("pub-closed", "x"))
                .withStackTraceContaining("This publisher is closed");
    }
}
