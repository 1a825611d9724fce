package io.github.shardedpubsub.recovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.LiveCluster;
import io.github.shardedpubsub.LiveTest;
import io.github.shardedpubsub.listener.ListenerOptions;
import io.github.shardedpubsub.listener.ReactiveShardedRedisMessageListenerContainer;
import io.github.shardedpubsub.publisher.ShardMessage;
import io.github.shardedpubsub.recovery.RecoveringApplication.Got;
import io.github.shardedpubsub.test.RedisCluster;
import io.github.shardedpubsub.test.RedisNode;
import io.github.shardedpubsub.test.ServerTrait;
import io.github.shardedpubsub.test.SlotMove;
import io.lettuce.core.RedisURI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.data.redis.listener.ChannelTopic;
import org.springframework.data.redis.serializer.RedisSerializationContext.SerializationPair;
import org.springframework.data.redis.serializer.RedisSerializer;

/** Channels with a history on a real cluster: what listeners get when slots move, connections go, and histories end. */
@LiveTest
class RecoveringListenerTests {

    private static final Duration SOON = Duration.ofSeconds(20);

    private static final RecoverySettings SETTINGS =
            RecoverySettings.DEFAULTS.withChannels(List.of("kept*", "short*", "}no-tag"));

    private static int names;

    private static RecoveringApplication application;

    private static RecoveringApplication shortHistories;

    private String channel;

    @BeforeAll
    static void start() {
        application = new RecoveringApplication(LiveCluster.get(), SETTINGS.withLength(20_000));
        shortHistories = new RecoveringApplication(LiveCluster.get(), SETTINGS.withLength(20));
    }

    @AfterAll
    static void close() throws Exception {
        application.close();
        shortHistories.close();
    }

    @BeforeEach
    void choose() {
        this.channel = "kept-" + names++;
        application.losses().clear();
        application.lostWrites().clear();
        shortHistories.losses().clear();
    }

    private RedisNode owner() {
        return LiveCluster.get().owner(RedisCluster.slot(this.channel));
    }

    private String key() {
        return new String(HistoryKey.of(this.channel.getBytes(StandardCharsets.UTF_8)), StandardCharsets.UTF_8);
    }

    private static List<String> numbers(int from, int to) {
        return IntStream.range(from, to).mapToObj(Integer::toString).toList();
    }

    private static Consumer<Got> is(String text, boolean inHistory, boolean recovered) {
        return got -> {
            assertThat(got.text()).isEqualTo(text);
            assertThat(got.position() != null).isEqualTo(inHistory);
            assertThat(got.recovered()).isEqualTo(recovered);
        };
    }

    private static List<String> texts(List<Got> got) {
        return got.stream().map(Got::text).toList();
    }

    private static void assertAllCame(List<Got> got, int count) {
        await().atMost(SOON).untilAsserted(() -> assertThat(got).hasSizeGreaterThanOrEqualTo(count));
        assertThat(texts(got)).isEqualTo(numbers(0, count));
        assertThat(application.losses()).isEmpty();
        assertThat(application.lostWrites()).isEmpty();
    }

    @Test
    void aMessageIsKeptAndComesAsItWasPublished() {
        List<Got> got = application.listen(this.channel);

        assertThat(application.publisher().publish(this.channel, "one")).isEqualTo(1);
        assertThat(application.publisher().publish(this.channel, "two")).isEqualTo(1);

        await().atMost(SOON).untilAsserted(() -> assertThat(texts(got)).containsExactly("one", "two"));
        assertThat(got).allSatisfy(each -> assertThat(each.position()).isNotNull());
        assertThat(owner().command("XRANGE", key(), "-", "+")).contains("one", "two");
        assertThat(Long.parseLong(owner().command("PTTL", key())))
                .isBetween(
                        SETTINGS.expiry().toMillis() - 1000, SETTINGS.expiry().toMillis() * 21 / 20);
    }

    @Test
    void whatOtherPublishersSendComesAsItIsAndIsMarked() {
        List<Got> got = application.listen(this.channel);

        owner().command("SPUBLISH", this.channel, "plain");
        application.publisher().publish(this.channel, "kept");

        await().atMost(SOON).untilAsserted(() -> assertThat(texts(got)).containsExactly("plain", "kept"));
        assertThat(got.get(0).position()).isNull();
        assertThat(got.get(0).recovered()).isFalse();
        assertThat(got.get(1).position()).isNotNull();
    }

    @Test
    void aChannelWithoutAHistoryIsAsBefore() {
        CompletableFuture<String> got = new CompletableFuture<>();
        application.listen(
                "plain",
                ListenerOptions.DEFAULTS,
                (message, pattern) -> got.complete(new String(message.getBody(), StandardCharsets.UTF_8)));

        application.publisher().publish("plain", "hello");

        assertThat(got).succeedsWithin(SOON).isEqualTo("hello");
    }

    @Test
    void aChannelThatCanHaveNoHistoryIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> application.publisher().publish("}no-tag", "x"))
                .withMessageContaining("hash tag");
    }

    @Test
    void scriptsThatAServerHasForgottenAreBroughtAgain() {
        List<Got> got = application.listen(this.channel);
        for (int i = 0; i < 6; i++) {
            application.publisher().publish(this.channel, Integer.toString(i));
            LiveCluster.get().masters().forEach(node -> node.command("SCRIPT", "FLUSH"));
        }

        assertAllCame(got, 6);
    }

    @ParameterizedTest
    @EnumSource(
            names = "GOSSIP_ONLY",
            mode = EnumSource.Mode.EXCLUDE) // there the servers lose what is written while the slot moves
    void nothingIsMissedDoubledOrOutOfOrderWhileSlotsMove(SlotMove order) throws Exception {
        List<String> channels = IntStream.range(0, 10)
                .mapToObj(i -> this.channel + "-" + order + "-" + i)
                .toList();
        List<List<Got>> got = channels.stream().map(application::listen).toList();
        int count;
        try (NumberedPublishing publishing = new NumberedPublishing(application.publisher(), channels)) {
            for (int round = 0; round < 4 || publishing.published() < 60; round++) {
                for (String each : channels) {
                    int slot = RedisCluster.slot(each);
                    LiveCluster.get()
                            .moveSlot(
                                    slot,
                                    LiveCluster.get()
                                            .otherMaster(LiveCluster.get().owner(slot)),
                                    order);
                }
            }
            count = publishing.stop();
            assertThat(publishing.failed()).isEmpty();
        }
        got.forEach(each -> assertAllCame(each, count));
        assertThat(count).isGreaterThan(50);
    }

    @Test
    void nothingIsMissedDoubledOrOutOfOrderOverLostConnections() throws Exception {
        List<String> channels =
                IntStream.range(0, 50).mapToObj(i -> this.channel + "-" + i).toList();
        List<List<Got>> got = channels.stream().map(application::listen).toList();
        long recoveredBefore = application.recovered();
        int count;
        try (NumberedPublishing publishing = new NumberedPublishing(application.publisher(), channels)) {
            for (int round = 1; round <= 5; round++) {
                int next = round * 20;
                await().atMost(SOON).until(() -> publishing.published() > next);
                LiveCluster.get().killClients("pubsub");
            }
            int last = publishing.published() + 20;
            await().atMost(SOON).until(() -> publishing.published() > last);
            count = publishing.stop();
            assertThat(publishing.failed()).isEmpty();
        }
        got.forEach(each -> assertAllCame(each, count));
        assertThat(application.recovered()).isGreaterThan(recoveredBefore);
        assertThat(got).anySatisfy(each -> assertThat(each).anyMatch(Got::recovered));
    }

    @Test
    void whatAServerDidNotDeliverIsReadWithTheNextMessage() {
        List<Got> got = application.listen(this.channel);
        application.publisher().publish(this.channel, "0");
        await().atMost(SOON).until(() -> got.size() == 1);
        // as if its SPUBLISH had reached nobody
        String epoch = owner().command("XREVRANGE", key(), "+", "-", "COUNT", "1")
                .lines()
                .toList()
                .get(1);
        owner().command("XADD", key(), "*", epoch, "1");

        application.publisher().publish(this.channel, "2");

        await().atMost(SOON)
                .untilAsserted(() -> assertThat(got)
                        .satisfiesExactly(
                                first -> assertThat(first.text()).isEqualTo("0"),
                                is("1", true, true),
                                is("2", true, true)));
    }

    @Test
    void aListenerThatIsSlowMissesNothingAndHoldsNobodyUp() {
        List<Got> got = new CopyOnWriteArrayList<>();
        CountDownLatch go = new CountDownLatch(1);
        application.listen(this.channel, ListenerOptions.DEFAULTS.withQueueCapacity(10), (message, pattern) -> {
            try {
                go.await();
            } catch (InterruptedException ex) {
                Thread.currentThread().interrupt();
            }
            got.add(RecoveringApplication.got(message));
        });
        List<Got> other = application.listen(this.channel);
        for (int i = 0; i < 2_000; i++) {
            application.publisher().publish(this.channel, Integer.toString(i));
        }

        assertAllCame(other, 2_000);
        assertThat(got).isEmpty();
        go.countDown();
        assertAllCame(got, 2_000);
    }

    @Test
    void whatTheHistoryKeepsNoMoreIsToldOf() {
        List<Got> got = new CopyOnWriteArrayList<>();
        CountDownLatch go = new CountDownLatch(1);
        shortHistories.listen(this.channel, ListenerOptions.DEFAULTS.withQueueCapacity(10), (message, pattern) -> {
            try {
                go.await();
            } catch (InterruptedException ex) {
                Thread.currentThread().interrupt();
            }
            got.add(RecoveringApplication.got(message));
        });
        for (int i = 0; i < 500; i++) {
            shortHistories.publisher().publish(this.channel, Integer.toString(i));
        }
        go.countDown();

        await().atMost(SOON).untilAsserted(() -> assertThat(texts(got)).last().isEqualTo("499"));
        List<Integer> all =
                got.stream().map(each -> Integer.valueOf(each.text())).toList();
        assertThat(all).doesNotHaveDuplicates().isSorted();
        // the last ones of the history, and before those some that came live and waited
        int gap = IntStream.range(1, all.size())
                .filter(i -> all.get(i) != all.get(i - 1) + 1)
                .findFirst()
                .orElseThrow();
        assertThat(texts(got.subList(0, gap))).isEqualTo(numbers(0, gap));
        assertThat(texts(got.subList(gap, got.size()))).isEqualTo(numbers(all.get(gap), 500));
        assertThat(shortHistories.losses()).singleElement().satisfies(loss -> {
            assertThat(loss.cause()).isEqualTo(HistoryLoss.Cause.TRIMMED);
            assertThat(loss.after()).isEqualTo(got.get(gap - 1).position());
            assertThat(loss.before()).isEqualTo(got.get(all.indexOf(480)).position());
        });
    }

    @Test
    void aHistoryThatIsDeletedIsToldOf() {
        List<Got> got = application.listen(this.channel);
        application.publisher().publish(this.channel, "0");
        await().atMost(SOON).until(() -> got.size() == 1);
        owner().command("DEL", key());

        application.publisher().publish(this.channel, "1");

        await().atMost(SOON).until(() -> got.size() == 2);
        assertThat(texts(got)).containsExactly("0", "1");
        assertThat(application.losses()).extracting(HistoryLoss::cause).containsExactly(HistoryLoss.Cause.DELETED);
        assertThat(application.lostWrites()).hasSize(1);
    }

    @Test
    void writesThatAServerHasLostAreToldOfToThoseWhoMissedThem() {
        List<Got> had = application.listen(this.channel);
        application.publisher().publish(this.channel, "0");
        application.publisher().publish(this.channel, "1");
        await().atMost(SOON).until(() -> had.size() == 2);
        String last = owner().command("XREVRANGE", key(), "+", "-", "COUNT", "1")
                .lines()
                .findFirst()
                .orElseThrow();
        // as a server that has come back with an older file
        owner().command("XDEL", key(), last);
        List<Got> late = application.listen(this.channel);
        owner().command("SPUBLISH", this.channel, "confirmed");
        await().atMost(SOON).until(() -> had.size() == 3 && late.size() == 1);

        application.publisher().publish(this.channel, "2");

        await().atMost(SOON).until(() -> had.size() == 4 && late.size() == 2);
        assertThat(texts(had)).containsExactly("0", "1", "confirmed", "2");
        assertThat(texts(late)).containsExactly("confirmed", "2");
        assertThat(application.lostWrites()).hasSize(1);
        // one had it, and the other began before it
        assertThat(application.losses()).singleElement().satisfies(loss -> {
            assertThat(loss.cause()).isEqualTo(HistoryLoss.Cause.WRITES_LOST);
            assertThat(loss.before()).isNotNull().extracting(StreamPosition::id).isEqualTo(last);
        });
    }

    @Test
    void aFluxRecoversToo() throws Exception {
        ReactiveShardedRedisMessageListenerContainer container =
                new ReactiveShardedRedisMessageListenerContainer(application.subscriptions());
        container.setRecovery(application.recovery());
        container.start();
        List<String> got = new CopyOnWriteArrayList<>();
        SerializationPair<String> text = SerializationPair.fromSerializer(RedisSerializer.string());
        Objects.requireNonNull(container
                        .receiveLater(List.of(ChannelTopic.of(this.channel)), text, text)
                        .block(SOON))
                .subscribe(message -> got.add(message.getMessage()));
        int count;
        try (NumberedPublishing publishing = new NumberedPublishing(application.publisher(), List.of(this.channel))) {
            await().atMost(SOON).until(() -> publishing.published() > 50);
            LiveCluster.get().killClients("pubsub");
            int next = publishing.published() + 50;
            await().atMost(SOON).until(() -> publishing.published() > next);
            count = publishing.stop();
        }
        await().atMost(SOON).untilAsserted(() -> assertThat(got).hasSizeGreaterThanOrEqualTo(count));
        assertThat(got).isEqualTo(numbers(0, count));
        container.destroy();
    }

    @Test
    void aUserWithTheDocumentedPermissionsCanDoIt() throws Exception {
        List<String> rules = new ArrayList<>();
        for (String document : List.of("security.md", "recovery.md")) {
            Files.readAllLines(Path.of("../docs", document)).stream()
                    .filter(line -> line.startsWith("ACL SETUSER app "))
                    .filter(line ->
                            !line.contains("myshardid") || LiveCluster.get().has(ServerTrait.NAMES_SHARDS))
                    .map(line -> line.replace("&orders:*", "&kept*"))
                    .forEach(rules::add);
        }
        assertThat(rules).hasSizeGreaterThan(1);
        for (RedisNode node : LiveCluster.get().masters()) {
            rules.forEach(rule -> node.command(rule.split(" ")));
        }
        List<RedisURI> nodes = LiveCluster.get().masters().stream()
                .map(node -> RedisURI.builder()
                        .withHost(node.host())
                        .withPort(node.port())
                        .withAuthentication("app", "secret".toCharArray())
                        .build())
                .toList();
        try (RecoveringApplication restricted =
                RecoveringApplication.withPositions(nodes, SETTINGS, Duration.ofMillis(10))) {
            List<Got> got = restricted.listen(
                    this.channel,
                    ListenerOptions.DEFAULTS.withName("clerk").withStart(StartPosition.stored(StartPosition.last(1))));
            restricted.publisher().publish(this.channel, "0");
            LiveCluster.get().killClients("pubsub");
            restricted.publisher().publish(this.channel, "1");
            await().atMost(SOON).until(() -> got.size() == 2);
            // the script's rarer ways: a history that is gone, and another node
            owner().command("DEL", key());
            LiveCluster.moveSlotOf(this.channel);
            restricted.publisher().publish(this.channel, "2");

            await().atMost(SOON).untilAsserted(() -> assertThat(texts(got)).containsExactly("0", "1", "2"));
            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(
                                    owner().command("GET", key().replace("history", "position") + ":clerk"))
                            .startsWith(Objects.requireNonNull(got.get(2).position())
                                    .toString()));
        } finally {
            LiveCluster.get().masters().forEach(node -> node.command("ACL", "DELUSER", "app"));
        }
    }

    /** As after a lost connection of an application that listens to very many channels. */
    @Test
    void manyRecoveriesAtOnceAllComeToTheirEnd() throws Exception {
        int count = Integer.getInteger("recovery.channels", 2_000);
        List<String> channels =
                IntStream.range(0, count).mapToObj(i -> this.channel + "-" + i).toList();
        Map<String, List<String>> got = new ConcurrentHashMap<>();
        try (RecoveringApplication many = new RecoveringApplication(LiveCluster.get(), SETTINGS)) {
            many.container()
                    .addMessageListener(
                            (message, pattern) -> got.computeIfAbsent(
                                            new String(message.getChannel(), StandardCharsets.UTF_8),
                                            each -> new CopyOnWriteArrayList<>())
                                    .add(new String(message.getBody(), StandardCharsets.UTF_8)),
                            channels.stream().map(ChannelTopic::of).toList());
            for (int number = 0; number < 3; number++) {
                String text = Integer.toString(number);
                LiveCluster.get().killClients("pubsub");
                many.publisher()
                        .publishAll(channels.stream()
                                .map(each -> new ShardMessage(each, text))
                                .toList());
            }

            await().atMost(Duration.ofMinutes(1))
                    .untilAsserted(() -> assertThat(channels)
                            .allSatisfy(each -> assertThat(got.getOrDefault(each, List.of()))
                                    .containsExactly("0", "1", "2")));
            assertThat(many.losses()).isEmpty();
            assertThat(many.recovered()).isPositive();
        }
    }
}
