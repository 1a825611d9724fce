package io.github.shardedpubsub.recovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.LiveCluster;
import io.github.shardedpubsub.LiveTest;
import io.github.shardedpubsub.listener.DeliveryObserver;
import io.github.shardedpubsub.listener.ListenerOptions;
import io.github.shardedpubsub.listener.ReactiveShardedRedisMessageListenerContainer;
import io.github.shardedpubsub.listener.RecoverableChannelMessage;
import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.recovery.RecoveringApplication.Got;
import io.github.shardedpubsub.test.RedisCluster;
import io.github.shardedpubsub.test.RedisNode;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.connection.MessageListener;
import org.springframework.data.redis.connection.ReactiveSubscription.Message;
import org.springframework.data.redis.listener.ChannelTopic;
import org.springframework.data.redis.serializer.RedisSerializationContext.SerializationPair;
import org.springframework.data.redis.serializer.RedisSerializer;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;

/** Where listeners begin in the history of their channel on a real cluster, and how they go on where they were. */
@LiveTest
class StartedListenerTests {

    private static final Duration SOON = Duration.ofSeconds(20);

    private static final RecoverySettings SETTINGS =
            RecoverySettings.DEFAULTS.withChannels(List.of("kept*")).withLength(10_000);

    private static final SerializationPair<String> TEXT = SerializationPair.fromSerializer(RedisSerializer.string());

    private static final ListenerOptions STORED =
            ListenerOptions.DEFAULTS.withName("clerk").withStart(StartPosition.stored());

    private static int names;

    /** Publishes, and listens where it does not matter who does. */
    private static RecoveringApplication application;

    private String channel;

    @BeforeAll
    static void start() {
        application = new RecoveringApplication(LiveCluster.get(), SETTINGS);
    }

    @AfterAll
    static void close() throws Exception {
        application.close();
    }

    @BeforeEach
    void choose() {
        this.channel = "kept-start-" + names++;
        application.losses().clear();
    }

    @AfterEach
    void removeListeners() {
        application.container().setMessageListeners(Map.of());
    }

    private RedisNode owner() {
        return LiveCluster.get().owner(RedisCluster.slot(this.channel));
    }

    private String key() {
        return new String(HistoryKey.of(this.channel.getBytes(StandardCharsets.UTF_8)), StandardCharsets.UTF_8);
    }

    private void publish(int from, int to) {
        for (int number = from; number < to; number++) {
            application.publisher().publish(this.channel, Integer.toString(number));
        }
    }

    /** The places of what is in the history. */
    private List<StreamPosition> positions() {
        List<Got> got =
                application.listen(this.channel, ListenerOptions.DEFAULTS.withStart(StartPosition.last(10_000)));
        int size = length();
        await().atMost(SOON).until(() -> got.size() == size);
        return got.stream().map(each -> Objects.requireNonNull(each.position())).toList();
    }

    private int length() {
        return Integer.parseInt(owner().command("XLEN", key()));
    }

    private static ListenerOptions from(StartPosition start) {
        return ListenerOptions.DEFAULTS.withStart(start);
    }

    private static List<String> numbers(int from, int to) {
        return IntStream.range(from, to).mapToObj(Integer::toString).toList();
    }

    private static void assertGot(List<Got> got, List<String> expected) {
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(got).extracting(Got::text).isEqualTo(expected));
    }

    @Test
    void withTheLastMessagesThatAreThere() {
        publish(0, 250);
        List<Got> few = application.listen(this.channel, from(StartPosition.last(5)));
        List<Got> pages = application.listen(this.channel, from(StartPosition.last(240)));
        List<Got> all = application.listen(this.channel, from(StartPosition.last(1000)));
        publish(250, 252);

        assertGot(few, numbers(245, 252));
        assertGot(pages, numbers(10, 252));
        assertGot(all, numbers(0, 252));
        assertThat(few.subList(0, 5)).allMatch(Got::recovered);
        assertThat(few.get(6).recovered()).isFalse();
        assertThat(application.losses()).isEmpty();
    }

    @Test
    void withTheLastMessagesOfAHistoryThatIsTrimmedWithoutComplaint() {
        publish(0, 20);
        owner().command("XTRIM", key(), "MAXLEN", "7");
        List<Got> got = application.listen(this.channel, from(StartPosition.last(15)));

        assertGot(got, numbers(13, 20));
        assertThat(application.losses()).isEmpty();
    }

    @Test
    void withWhatWasPublishedSinceATime() {
        publish(0, 5);
        long before = System.nanoTime();
        await().pollDelay(Duration.ofMillis(1500)).until(() -> true);
        publish(5, 10);
        Duration since = Duration.ofNanos(System.nanoTime() - before).minusMillis(300);
        List<Got> got = application.listen(this.channel, from(StartPosition.since(since)));
        List<Got> all = application.listen(this.channel, from(StartPosition.since(Duration.ofHours(1))));

        assertGot(got, numbers(5, 10));
        assertGot(all, numbers(0, 10));
        assertThat(application.losses()).isEmpty();
    }

    @Test
    void behindAMessage() {
        publish(0, 150);
        List<Got> got = application.listen(
                this.channel, from(StartPosition.after(positions().get(29))));
        LiveCluster.moveSlotOf(this.channel);
        publish(150, 152);

        assertGot(got, numbers(30, 152));
        assertThat(application.losses()).isEmpty();
    }

    @Test
    void behindAMessageOfWhichSomeThatFollowAreTrimmed() {
        publish(0, 20);
        List<StreamPosition> positions = positions();
        owner().command("XTRIM", key(), "MAXLEN", "7");

        List<Got> got = application.listen(this.channel, from(StartPosition.after(positions.get(5))));

        assertGot(got, numbers(13, 20));
        assertThat(application.losses())
                .containsExactly(new HistoryLoss(HistoryLoss.Cause.TRIMMED, positions.get(5), positions.get(13)));
    }

    @Test
    void behindAMessageOfAnEpochThatNobodyKnows() {
        publish(0, 3);
        StreamPosition unknown =
                StreamPosition.parse("0123456789abcdef/" + (System.currentTimeMillis() - 60_000) + "-0");

        List<Got> got = application.listen(this.channel, from(StartPosition.after(unknown)));

        assertGot(got, numbers(0, 3));
        assertThat(application.losses()).singleElement().satisfies(loss -> {
            assertThat(loss.after()).isEqualTo(unknown);
            assertThat(loss.before()).isEqualTo(got.get(0).position());
        });
    }

    @Test
    void behindAMessageOfAHistoryThatIsGone() {
        publish(0, 3);
        StreamPosition last = positions().get(2);
        owner().command("DEL", key());

        List<Got> got = application.listen(this.channel, from(StartPosition.after(last)));

        await().atMost(SOON)
                .untilAsserted(() -> assertThat(application.losses())
                        .contains(new HistoryLoss(HistoryLoss.Cause.DELETED, last, null)));
        publish(3, 5);
        assertGot(got, numbers(3, 5));
    }

    @Test
    void aPlaceIsOneOfOneChannel() {
        ListenerOptions options = from(StartPosition.after(StreamPosition.parse("0123456789abcdef/1-0")));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> application
                        .container()
                        .addMessageListener(
                                (message, pattern) -> {},
                                List.of(ChannelTopic.of(this.channel), ChannelTopic.of(this.channel + "-other")),
                                options))
                .withMessageContaining("a place in the history of one channel");
    }

    @Test
    void aChannelWithoutAHistoryIsNoneToStartIn() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> application.listen("plain", from(StartPosition.last(10))))
                .withMessageContaining(
                        "is to start with 'last:10' on the shard channel 'plain', but is without recovery there");
        // and nothing is left of it
        assertThat(application.container().isListening()).isFalse();
    }

    @Test
    void aListenerThatAsksForRecoveryItselfGetsWhatIsNotKeptAsItIs() {
        String plain = "plain-" + this.channel;
        List<Got> got = application.listen(plain, ListenerOptions.DEFAULTS.withRecover(true));
        application.publisher().publish(plain, "a");
        LiveCluster.get().killClients("pubsub");
        await().atMost(SOON).untilAsserted(() -> {
            application.publisher().publish(plain, "b");
            assertThat(got).extracting(Got::text).contains("a", "b");
        });
        assertThat(got).allSatisfy(each -> {
            assertThat(each.position()).isNull();
            assertThat(each.recovered()).isFalse();
        });
        assertThat(application.losses()).isEmpty();
    }

    @Test
    void aListenerThatAsksForItItselfRecoversWhatItsPublishersKeep() throws Exception {
        RecoverySettings none = RecoverySettings.DEFAULTS.withChannels(List.of("other"));
        try (RecoveringApplication listening = new RecoveringApplication(LiveCluster.get(), none)) {
            publish(0, 3);
            List<Got> got =
                    listening.listen(this.channel, from(StartPosition.last(2)).withRecover(true));
            publish(3, 5);

            assertGot(got, numbers(1, 5));
        }
    }

    @Test
    void aListenerWithoutRecoveryGetsWhatComesLive() {
        publish(0, 3);
        List<Got> got = application.listen(this.channel, ListenerOptions.DEFAULTS.withRecover(false));
        publish(3, 5);

        assertGot(got, numbers(3, 5));
        assertThat(got).allMatch(each -> each.position() != null && !each.recovered());
        // as if its SPUBLISH had reached nobody
        String epoch = owner().command("XREVRANGE", key(), "+", "-", "COUNT", "1")
                .lines()
                .toList()
                .get(1);
        owner().command("XADD", key(), "*", epoch, "5");
        publish(6, 7);
        assertGot(got, List.of("3", "4", "6"));
    }

    @Test
    void aFluxSaysOfEachMessageWhereItIsAndWhetherItWasRead() {
        publish(0, 3);
        List<RecoverableChannelMessage<String, String>> got = new CopyOnWriteArrayList<>();
        Disposable receiving = application
                .reactive()
                .receive(List.of(ChannelTopic.of(this.channel)), TEXT, TEXT, from(StartPosition.last(2)))
                .subscribe(message -> got.add((RecoverableChannelMessage<String, String>) message));
        await().atMost(SOON).until(() -> got.size() == 2);
        receiving.dispose();
        assertThat(got).allMatch(RecoverableChannelMessage::isRecovered);

        List<Got> behind = application.listen(
                this.channel,
                from(StartPosition.after(Objects.requireNonNull(got.get(0).getPosition()))));
        assertGot(behind, List.of("2"));
    }

    @Test
    void aFluxStartsThereToo() {
        publish(0, 20);
        List<String> got = new CopyOnWriteArrayList<>();
        List<String> later = new CopyOnWriteArrayList<>();
        ReactiveShardedRedisMessageListenerContainer reactive = application.reactive();
        Disposable receiving = reactive.receive(
                        List.of(ChannelTopic.of(this.channel)), TEXT, TEXT, from(StartPosition.last(3)))
                .subscribe(message -> got.add(message.getMessage()));
        Disposable receivingLater = Objects.requireNonNull(reactive.receiveLater(
                                List.of(ChannelTopic.of(this.channel)),
                                TEXT,
                                TEXT,
                                from(StartPosition.since(Duration.ofHours(1))))
                        .block(SOON))
                .subscribe(message -> later.add(message.getMessage()));
        await().atMost(SOON).untilAsserted(() -> assertThat(got).isEqualTo(numbers(17, 20)));
        publish(20, 22);

        await().atMost(SOON).untilAsserted(() -> assertThat(got).isEqualTo(numbers(17, 22)));
        await().atMost(SOON).untilAsserted(() -> assertThat(later).isEqualTo(numbers(0, 22)));
        receiving.dispose();
        receivingLater.dispose();
    }

    @Test
    void aFluxGoesOnWhereItWasWhenItIsSubscribedToAgain() {
        Flux<String> flux = application
                .reactive()
                .receive(List.of(ChannelTopic.of(this.channel)), TEXT, TEXT, STORED)
                .map(Message::getMessage);
        List<String> got = new CopyOnWriteArrayList<>();
        Disposable first = flux.subscribe(got::add);
        await().atMost(SOON).untilAsserted(() -> {
            publish(length(), length() + 1);
            assertThat(got).isNotEmpty();
        });
        int begin = Integer.parseInt(got.get(0));
        for (int round = 0; round < 20; round++) {
            first.dispose();
            int next = length();
            publish(next, next + 3);
            first = flux.subscribe(got::add);
            await().atMost(SOON).untilAsserted(() -> assertThat(got).hasSizeGreaterThanOrEqualTo(next + 3 - begin));
        }
        first.dispose();

        assertThat(got).isEqualTo(numbers(begin, length()));
    }

    @Test
    void aContainerThatIsStoppedAndStartedGoesOnForThoseWhoWantThat() {
        List<Got> going = application.listen(this.channel, STORED);
        List<Got> anew = application.listen(this.channel);
        publish(0, 3);
        assertGot(anew, numbers(0, 3));
        application.container().stop();
        publish(3, 6);
        application.container().start();
        publish(6, 9);

        assertGot(going, numbers(0, 9));
        assertGot(anew, List.of("0", "1", "2", "6", "7", "8"));
        assertThat(application.losses()).isEmpty();
    }

    @Test
    void aListenerThatIsRemovedAndAddedAgainGoesOn() {
        List<Got> got = new CopyOnWriteArrayList<>();
        for (int round = 0; round < 20; round++) {
            publish(2 * round, 2 * round + 1);
            MessageListener listener = (message, pattern) -> got.add(RecoveringApplication.got(message));
            application.listen(this.channel, STORED, listener);
            publish(2 * round + 1, 2 * round + 2);
            int expected = 2 * round + 1;
            await().atMost(SOON).until(() -> got.size() >= expected);
            application.container().drainAndRemoveMessageListener(listener);
        }

        // the first was published before it began
        assertGot(got, numbers(1, 40));
    }

    @Test
    void aListenerThatIsAddedAgainWhileItLeavesGetsNothingTwice() throws Exception {
        List<Got> got = new CopyOnWriteArrayList<>();
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        MessageListener slow = (message, pattern) -> {
            begun.countDown();
            awaitLatch(go);
            got.add(RecoveringApplication.got(message));
        };
        application.listen(this.channel, STORED, slow);
        publish(0, 5);
        assertThat(begun.await(20, TimeUnit.SECONDS)).isTrue();
        ChannelName name = ChannelName.of(this.channel);
        Callable<@Nullable StreamPosition> position =
                () -> application.recovery().channel(name).orElseThrow().position();
        await().atMost(SOON).until(() -> application.container().queueSize() == 4);
        CompletableFuture<Void> leaving =
                CompletableFuture.runAsync(() -> application.container().drainAndRemoveMessageListener(slow));
        await().atMost(SOON).until(() -> position.call() == null);
        publish(5, 7);
        application.listen(this.channel, STORED, slow);
        publish(7, 9);
        go.countDown();

        assertGot(got, numbers(0, 9));
        assertThat(leaving).succeedsWithin(SOON);
        publish(9, 10);
        assertGot(got, numbers(0, 10));
        assertThat(application.losses()).isEmpty();
    }

    @Test
    void whatIsNotDeliveredWhenItStopsIsCounted() throws Exception {
        AtomicInteger received = new AtomicInteger();
        AtomicLong dropped = new AtomicLong();
        CountDownLatch go = new CountDownLatch(1);
        List<Got> got = new CopyOnWriteArrayList<>();
        try (RecoveringApplication stopped = new RecoveringApplication(LiveCluster.get(), SETTINGS)) {
            stopped.container().addDeliveryObserver(new DeliveryObserver() {

                @Override
                public void received(ChannelName channel) {
                    received.incrementAndGet();
                }

                @Override
                public void dropped(ChannelName channel, long count) {
                    dropped.addAndGet(count);
                }
            });
            stopped.listen(this.channel, ListenerOptions.DEFAULTS.withQueueCapacity(2), (message, pattern) -> {
                awaitLatch(go);
                got.add(RecoveringApplication.got(message));
            });
            publish(0, 11);
            await().atMost(SOON).until(() -> received.get() == 11);
            CompletableFuture<Void> stopping =
                    CompletableFuture.runAsync(() -> stopped.container().stop());
            await().atMost(SOON).until(() -> dropped.get() > 0);
            go.countDown();
            assertThat(stopping).succeedsWithin(SOON);
        } finally {
            go.countDown();
        }

        assertThat(got.size() + dropped.get()).isEqualTo(11);
    }

    private static void awaitLatch(CountDownLatch latch) {
        try {
            assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void twoOfOneNameAreRefused() {
        application.listen(this.channel, STORED);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> application.listen(this.channel, STORED))
                .withMessageContaining("are called 'clerk' and start where they were");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> application.listen(this.channel, from(StartPosition.stored())))
                .withMessageContaining("Give it an id, or a name in its options");
    }

    @Test
    void anApplicationThatIsClosedGoesOnInAnother() throws Exception {
        List<Got> got = new CopyOnWriteArrayList<>();
        int count;
        try (NumberedPublishing publishing = new NumberedPublishing(application.publisher(), List.of(this.channel))) {
            int from = -1;
            for (int round = 0; round < 5; round++) {
                try (RecoveringApplication restarted =
                        RecoveringApplication.withPositions(LiveCluster.get(), SETTINGS, Duration.ofSeconds(1))) {
                    restarted.listen(
                            this.channel, STORED, (message, pattern) -> got.add(RecoveringApplication.got(message)));
                    int until = publishing.published() + 50;
                    await().atMost(SOON).until(() -> publishing.published() > until);
                    assertThat(restarted.losses()).isEmpty();
                }
                from = from < 0 ? Integer.parseInt(got.get(0).text()) : from;
                int until = publishing.published() + 50;
                await().atMost(SOON).until(() -> publishing.published() > until);
            }
            count = publishing.stop();
            try (RecoveringApplication last =
                    RecoveringApplication.withPositions(LiveCluster.get(), SETTINGS, Duration.ofSeconds(1))) {
                last.listen(this.channel, STORED, (message, pattern) -> got.add(RecoveringApplication.got(message)));
                assertGot(got, numbers(from, count));
                assertThat(last.losses()).isEmpty();
            }
        }
        assertThat(Long.parseLong(owner().command("PTTL", "sharded-pubsub:position{" + this.channel + "}:clerk")))
                .isBetween(Duration.ofDays(6).toMillis(), Duration.ofDays(7).toMillis());
    }

    @Test
    void anApplicationThatIsKilledGetsAgainWhatItHadTakenSinceTheLastSaving() throws Exception {
        List<Got> first = new CopyOnWriteArrayList<>();
        try (RecoveringApplication killed =
                RecoveringApplication.withPositions(LiveCluster.get(), SETTINGS, Duration.ofMillis(50))) {
            killed.listen(this.channel, STORED, (message, pattern) -> first.add(RecoveringApplication.got(message)));
            publish(0, 10);
            String position = "sharded-pubsub:position{" + this.channel + "}:clerk";
            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(owner().command("GET", position))
                            .startsWith(Objects.requireNonNull(first.get(9).position())
                                    .toString()));
            killed.saveNoMore();
            publish(10, 15);
            assertGot(first, numbers(0, 15));
        }
        publish(15, 20);
        try (RecoveringApplication next =
                RecoveringApplication.withPositions(LiveCluster.get(), SETTINGS, Duration.ofMillis(50))) {
            List<Got> got = next.listen(this.channel, STORED);

            assertGot(got, numbers(10, 20));
            assertThat(next.losses()).isEmpty();
        }
    }

    /** What waits in its queue when the time to stop is over is not taken. */
    @Test
    void whatWasNotTakenWhenItStoppedComesAgain() throws Exception {
        List<Got> got = new CopyOnWriteArrayList<>();
        CountDownLatch go = new CountDownLatch(1);
        try (RecoveringApplication stopped =
                RecoveringApplication.withPositions(LiveCluster.get(), SETTINGS, Duration.ofSeconds(1))) {
            stopped.container().setShutdownTimeout(200);
            stopped.listen(this.channel, STORED, (message, pattern) -> {
                if (got.size() == 3) {
                    try {
                        assertThat(go.await(20, TimeUnit.SECONDS)).isTrue();
                    } catch (InterruptedException ex) {
                        Thread.currentThread().interrupt();
                    }
                    return;
                }
                got.add(RecoveringApplication.got(message));
            });
            publish(0, 10);
            await().atMost(SOON).until(() -> got.size() == 3);
            stopped.container().stop();
        } finally {
            go.countDown();
        }
        try (RecoveringApplication next =
                RecoveringApplication.withPositions(LiveCluster.get(), SETTINGS, Duration.ofSeconds(1))) {
            next.listen(this.channel, STORED, (message, pattern) -> got.add(RecoveringApplication.got(message)));

            assertGot(got, numbers(0, 10));
        }
    }

    /** And that of a channel on which nothing happens, over many restarts. */
    @Test
    void aChannelWithoutMessagesIsGoneOnWithToo() throws Exception {
        List<Got> got = new CopyOnWriteArrayList<>();
        for (int round = 0; round < 3; round++) {
            try (RecoveringApplication restarted =
                    RecoveringApplication.withPositions(LiveCluster.get(), SETTINGS, Duration.ofSeconds(1))) {
                restarted.listen(
                        this.channel, STORED, (message, pattern) -> got.add(RecoveringApplication.got(message)));
                assertThat(restarted.losses()).isEmpty();
            }
        }
        assertThat(got).isEmpty();
        publish(0, 2);
        try (RecoveringApplication restarted =
                RecoveringApplication.withPositions(LiveCluster.get(), SETTINGS, Duration.ofSeconds(1))) {
            restarted.listen(this.channel, STORED, (message, pattern) -> got.add(RecoveringApplication.got(message)));
            assertGot(got, numbers(0, 2));
            assertThat(restarted.losses()).isEmpty();
        }
    }
}
