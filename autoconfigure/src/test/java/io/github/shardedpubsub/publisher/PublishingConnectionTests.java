package io.github.shardedpubsub.publisher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.anyCollection;
import static org.mockito.ArgumentMatchers.anyLong;
import static org.mockito.BDDMockito.given;
import static org.mockito.BDDMockito.willThrow;
import static org.mockito.Mockito.mock;

import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisCommandTimeoutException;
import io.lettuce.core.RedisException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.cluster.SlotHash;
import io.lettuce.core.cluster.api.StatefulRedisClusterConnection;
import io.lettuce.core.cluster.models.partitions.Partitions;
import io.lettuce.core.cluster.models.partitions.RedisClusterNode;
import io.lettuce.core.protocol.RedisCommand;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.data.redis.RedisSystemException;

class PublishingConnectionTests {

    private static final String CHANNEL = "orders";

    private static final int SLOT = SlotHash.getSlot(CHANNEL);

    @SuppressWarnings("unchecked")
    private final StatefulRedisClusterConnection<byte[], byte[]> lettuce = mock(StatefulRedisClusterConnection.class);

    private final ScheduledExecutorService timer = mock(ScheduledExecutorService.class);

    private final Deque<Runnable> waiting = new ArrayDeque<>();

    private final Partitions partitions = new Partitions();

    private final List<String> observed = new ArrayList<>();

    private final PublishObserver observer = new PublishObserver() {

        @Override
        public void finished(String channel, PublishOutcome outcome, long receivers, Duration took) {
            PublishingConnectionTests.this.observed.add(outcome + " " + receivers);
        }

        @Override
        public void redirected(String channel) {
            PublishingConnectionTests.this.observed.add("redirected");
        }

        @Override
        public void retried(String channel, String reason) {
            PublishingConnectionTests.this.observed.add("retried: " + reason);
        }
    };

    private int refreshes;

    private final FakeNode first = new FakeNode(7000);

    private final FakeNode second = new FakeNode(7001);

    private PublishingConnection connection = connection(Duration.ofSeconds(5));

    private PublishingConnection connection(Duration retryTimeout) {
        return new PublishingConnection(
                this.lettuce, new Retries(retryTimeout, this.timer, this.observer), () -> this.refreshes++);
    }

    /** A node that keeps what it is sent until the test answers. */
    private static final class FakeNode {

        @SuppressWarnings("unchecked")
        private final StatefulRedisConnection<byte[], byte[]> connection = mock(StatefulRedisConnection.class);

        private final CompletableFuture<StatefulRedisConnection<byte[], byte[]>> connected = new CompletableFuture<>();

        private final int port;

        private final List<String> sent = new ArrayList<>();

        private final List<Integer> writes = new ArrayList<>();

        private final Deque<AtMostOncePublish> unanswered = new ArrayDeque<>();

        private boolean writing = true;

        @SuppressWarnings("unchecked")
        FakeNode(int port) {
            this.port = port;
            given(this.connection.isOpen()).willReturn(true);
            given(this.connection.dispatch(any(RedisCommand.class))).willAnswer(call -> {
                take(List.of(call.<RedisCommand<?, ?, ?>>getArgument(0)));
                return call.getArgument(0);
            });
            given(this.connection.dispatch(anyCollection())).willAnswer(call -> {
                take(call.getArgument(0));
                return call.getArgument(0);
            });
        }

        private void take(Collection<RedisCommand<?, ?, ?>> commands) {
            this.writes.add(commands.size());
            for (RedisCommand<?, ?, ?> command : commands) {
                if (command instanceof AtMostOncePublish publish) {
                    this.unanswered.add(publish);
                }
                if (this.writing) {
                    ByteBuf out = Unpooled.buffer();
                    command.encode(out);
                    List<String> words =
                            out.toString(StandardCharsets.UTF_8).lines().toList();
                    this.sent.add(words.get(words.size() - 1));
                }
            }
        }

        void answers(long receivers) {
            AtMostOncePublish command = this.unanswered.remove();
            command.getOutput().set(receivers);
            command.complete();
        }

        void refuses(String error) {
            AtMostOncePublish command = this.unanswered.remove();
            command.getOutput().setError(ByteBuffer.wrap(error.getBytes(StandardCharsets.UTF_8)));
            command.complete();
        }
    }

    @BeforeEach
    void connect() {
        add(this.first, SLOT);
        add(this.second, SLOT + 1);
        given(this.lettuce.getPartitions()).willReturn(this.partitions);
        given(this.timer.schedule(any(Runnable.class), anyLong(), any())).willAnswer(call -> {
            this.waiting.add(call.getArgument(0));
            return null;
        });
    }

    private void add(FakeNode node, int slot) {
        RedisClusterNode entry = RedisClusterNode.of("node-" + node.port);
        entry.setUri(RedisURI.create("redis://127.0.0.1:" + node.port));
        entry.setSlots(List.of(slot));
        entry.setFlags(Set.of(RedisClusterNode.NodeFlag.UPSTREAM));
        this.partitions.add(entry);
        this.partitions.updateCache();
        given(this.lettuce.getConnectionAsync("127.0.0.1", node.port)).willReturn(node.connected);
    }

    private void connected() {
        this.first.connected.complete(this.first.connection);
        this.second.connected.complete(this.second.connection);
    }

    private Publication message(String channel, String payload) {
        return new Publication(channel, payload.getBytes(StandardCharsets.UTF_8), this.observer, null);
    }

    private CompletableFuture<Long> publish(String payload) {
        Publication publication = message(CHANNEL, payload);
        this.connection.publish(List.of(publication));
        return publication.answer();
    }

    @Test
    void letsMessagesWaitInLineUntilTheNodeIsConnected() {
        publish("1");
        publish("2");
        publish("3");
        assertThat(this.first.sent).isEmpty();
        connected();
        publish("4");
        assertThat(this.first.sent).containsExactly("1", "2", "3", "4");
    }

    @Test
    void sendsABatchWithOneWriteForEachNode() {
        connected();
        String other = IntStream.iterate(0, i -> i + 1)
                .mapToObj(i -> "other-" + i)
                .filter(channel -> SlotHash.getSlot(channel) == SLOT + 1)
                .findFirst()
                .orElseThrow();
        List<Publication> batch = List.of(
                message(CHANNEL, "1"),
                message(other, "a"),
                message(CHANNEL, "2"),
                message(other, "b"),
                message(CHANNEL, "3"));
        this.connection.publish(batch);
        assertThat(this.first.sent).containsExactly("1", "2", "3");
        assertThat(this.first.writes).containsExactly(3);
        assertThat(this.second.sent).containsExactly("a", "b");
        assertThat(this.second.writes).containsExactly(2);
    }

    @Test
    void countsTheReceivers() {
        connected();
        CompletableFuture<Long> answer = publish("1");
        this.first.answers(7);
        assertThat(answer).isCompletedWithValue(7L);
        assertThat(this.observed).containsExactly("PUBLISHED 7");
    }

    /** Sends each payload in brackets, and tells of its end. */
    private PublishInterceptor.Publishing bracketed(String channel, byte[] payload) {
        String bracketed = "[" + new String(payload, StandardCharsets.UTF_8) + "]";
        return new PublishInterceptor.Publishing() {

            @Override
            public byte[] payload() {
                return bracketed.getBytes(StandardCharsets.UTF_8);
            }

            @Override
            public void end(PublishOutcome outcome, long receivers, @Nullable Throwable failure) {
                PublishingConnectionTests.this.observed.add(bracketed + " " + outcome + " " + receivers + " "
                        + (failure != null ? failure.getClass() : ""));
            }
        };
    }

    private Publication intercepted(String payload) {
        Publication publication = message(CHANNEL, payload);
        publication.begin((channel, bytes, caller) -> bracketed(channel, bytes), null);
        this.connection.publish(List.of(publication));
        return publication;
    }

    @Test
    void sendsWhatAnInterceptorMakesOfTheMessageEachTimeAndTellsItTheEndOnce() {
        connected();
        Publication publication = intercepted("1");
        this.first.refuses("MOVED " + SLOT + " 127.0.0.1:7001");
        assertThat(this.first.sent).containsExactly("[1]");
        assertThat(this.second.sent).containsExactly("[1]");
        this.observed.clear();
        assertThat(publication.answer()).isNotDone();
        this.second.answers(2);
        assertThat(publication.answer()).isCompletedWithValue(2L);
        assertThat(this.observed).containsExactly("PUBLISHED 2", "[1] PUBLISHED 2 ");
    }

    @Test
    void tellsAnInterceptorWhatTheCallerGets() {
        connected();
        intercepted("1");
        this.first.refuses("NOPERM this user has no permissions");
        assertThat(this.observed).containsExactly("REFUSED 0", "[1] REFUSED 0 " + RedisSystemException.class);
    }

    @Test
    void completesTheAnswerThoughAnInterceptorThrows() {
        connected();
        Publication publication = message(CHANNEL, "1");
        publication.begin(
                (channel, bytes, caller) -> new PublishInterceptor.Publishing() {

                    @Override
                    public byte[] payload() {
                        return bytes;
                    }

                    @Override
                    public void end(PublishOutcome outcome, long receivers, @Nullable Throwable failure) {
                        throw new IllegalStateException("I should not");
                    }
                },
                null);
        this.connection.publish(List.of(publication));
        this.first.answers(1);
        assertThat(publication.answer()).isCompletedWithValue(1L);
    }

    @Test
    void followsARedirectAtOnceAndHasTheTopologyReadAgain() {
        connected();
        CompletableFuture<Long> answer = publish("1");
        this.first.refuses("MOVED " + SLOT + " 127.0.0.1:7001");
        assertThat(this.second.sent).containsExactly("1");
        assertThat(this.refreshes).isEqualTo(1);
        this.second.answers(1);
        assertThat(answer).isCompletedWithValue(1L);
        assertThat(this.observed).containsExactly("redirected", "PUBLISHED 1");
    }

    @Test
    void waitsBeforeItFollowsASecondRedirectSinceNodesMayNotAgree() {
        connected();
        publish("1");
        this.first.refuses("MOVED " + SLOT + " 127.0.0.1:7001");
        this.second.refuses("MOVED " + SLOT + " 127.0.0.1:7000");
        assertThat(this.first.sent).containsExactly("1");
        this.waiting.remove().run();
        assertThat(this.first.sent).containsExactly("1", "1");
        assertThat(this.observed)
                .containsExactly("redirected", "redirected", "retried: MOVED " + SLOT + " 127.0.0.1:7000");
    }

    @Test
    void asksWhereItIsSentToAsk() {
        connected();
        CompletableFuture<Long> answer = publish("1");
        this.first.refuses("ASK " + SLOT + " 127.0.0.1:7001");
        assertThat(this.second.sent).containsExactly("ASKING", "1");
        assertThat(this.second.writes).containsExactly(2);
        this.second.answers(1);
        assertThat(answer).isCompletedWithValue(1L);
    }

    @Test
    void offersAgainWhatWasRefusedForTheMoment() {
        connected();
        CompletableFuture<Long> answer = publish("1");
        for (String error : List.of("CLUSTERDOWN Hash slot not served", "TRYAGAIN later", "LOADING Redis is loading")) {
            this.first.refuses(error);
            assertThat(answer).isNotDone();
            this.waiting.remove().run();
        }
        this.first.answers(1);
        assertThat(answer).isCompletedWithValue(1L);
        assertThat(this.observed)
                .containsExactly(
                        "retried: CLUSTERDOWN Hash slot not served",
                        "retried: TRYAGAIN later",
                        "retried: LOADING Redis is loading",
                        "PUBLISHED 1");
    }

    @Test
    void givesUpWhenTheTimeIsOver() {
        this.connection = connection(Duration.ZERO);
        connected();
        CompletableFuture<Long> answer = publish("1");
        this.first.refuses("CLUSTERDOWN Hash slot not served");
        assertThat(this.waiting).isEmpty();
        assertThat(answer)
                .failsWithin(Duration.ZERO)
                .withThrowableOfType(ExecutionException.class)
                .withCauseInstanceOf(RedisCommandExecutionException.class);
        assertThat(this.observed).containsExactly("REFUSED 0");
    }

    @Test
    void givesUpAtOnceWhatIsRefusedForGood() {
        connected();
        CompletableFuture<Long> answer = publish("1");
        this.first.refuses("NOPERM this user has no permissions");
        assertThat(answer).isCompletedExceptionally();
        assertThat(this.waiting).isEmpty();
        assertThat(this.observed).containsExactly("REFUSED 0");
    }

    @Test
    void offersAgainWhatWasNeverSentBecauseTheConnectionWasClosed() {
        connected();
        this.first.writing = false;
        CompletableFuture<Long> answer = publish("1");
        this.first.unanswered.remove().completeExceptionally(new RedisException("Connection is closed"));
        this.first.writing = true;
        this.waiting.remove().run();
        assertThat(this.first.sent).containsExactly("1");
        this.first.answers(1);
        assertThat(answer).isCompletedWithValue(1L);
    }

    @Test
    void neverSendsAgainWhatMayHaveBeenPublished() {
        connected();
        CompletableFuture<Long> answer = publish("1");
        this.first.unanswered.remove().completeExceptionally(new RedisException("Connection is closed"));
        assertThat(answer).isCompletedExceptionally();
        assertThat(this.waiting).isEmpty();
        assertThat(this.first.sent).containsExactly("1");
        assertThat(this.observed).containsExactly("UNKNOWN 0");
    }

    @Test
    void doesNotOfferAgainWhatHasWaitedItsTime() {
        connected();
        this.first.writing = false;
        CompletableFuture<Long> answer = publish("1");
        this.first.unanswered.remove().completeExceptionally(new RedisCommandTimeoutException("1 min"));
        assertThat(answer).isCompletedExceptionally();
        assertThat(this.waiting).isEmpty();
        assertThat(this.observed).containsExactly("REFUSED 0");
    }

    @Test
    void opensTheConnectionAgainThatCouldNotBeOpened() {
        CompletableFuture<Long> answer = publish("1");
        this.first.connected.completeExceptionally(new RedisException("no connection"));
        assertThat(answer).isNotDone();
        given(this.lettuce.getConnectionAsync("127.0.0.1", 7000))
                .willReturn(CompletableFuture.completedFuture(this.first.connection));
        this.waiting.remove().run();
        this.first.answers(1);
        assertThat(answer).isCompletedWithValue(1L);
        assertThat(this.observed).containsExactly("retried: no connection", "PUBLISHED 1");
    }

    @Test
    void offersAgainWhatIsRedirectedToANodeThatLettuceDoesNotKnowYet() {
        connected();
        publish("1");
        given(this.lettuce.getConnectionAsync("127.0.0.1", 7002)).willThrow(new IllegalArgumentException("unknown"));
        this.first.refuses("MOVED " + SLOT + " 127.0.0.1:7002");
        assertThat(this.waiting).hasSize(1);
        assertThat(this.observed).containsExactly("redirected", "retried: unknown");
    }

    @Test
    void asksAnyNodeAboutASlotThatNobodySeemsToServe() {
        connected();
        this.partitions.forEach(node -> node.setSlots(List.of()));
        this.partitions.updateCache();
        publish("1");
        assertThat(this.first.sent).containsExactly("1");
    }

    @Test
    void failsWithoutAnyNode() {
        this.partitions.clear();
        assertThat(publish("1")).isCompletedExceptionally();
    }

    @Test
    void looksForAnotherOwnerWhenANodeStaysLost() {
        connected();
        given(this.first.connection.isOpen()).willReturn(false);
        this.first.writing = false;
        publish("1");
        assertThat(this.refreshes).isEqualTo(1);
        this.partitions.getPartitionByNodeId("node-7000").setSlots(List.of());
        this.partitions.getPartitionByNodeId("node-7001").setSlots(List.of(SLOT));
        this.partitions.updateCache();
        this.waiting.remove().run();
        assertThat(this.observed).containsExactly("retried: The node is not connected");
        this.waiting.remove().run();
        assertThat(this.second.sent).containsExactly("1");
    }

    @Test
    void leavesToANodeThatIsSoonBackWhatWaitedForIt() {
        connected();
        given(this.first.connection.isOpen()).willReturn(false);
        publish("1");
        this.waiting.remove().run();
        this.first.answers(1);
        assertThat(this.observed).containsExactly("PUBLISHED 1");
        assertThat(this.waiting).isEmpty();
    }

    @Test
    void failsWhatWaitsWhenItIsClosed() {
        given(this.lettuce.closeAsync()).willReturn(CompletableFuture.completedFuture(null));
        connected();
        CompletableFuture<Long> before = publish("1");
        this.first.refuses("TRYAGAIN later");
        CompletableFuture<Long> after = publish("2");
        assertThat(this.connection.close()).isCompleted();
        assertThat(before).isCompletedExceptionally();
        this.first.refuses("TRYAGAIN later");
        assertThat(after).isCompletedExceptionally();
        this.waiting.remove().run();
        assertThat(this.first.sent).containsExactly("1", "2");
    }

    @Test
    void failsWhatWouldWaitWhenTheClientHasEnded() {
        willThrow(new RejectedExecutionException()).given(this.timer).schedule(any(Runnable.class), anyLong(), any());
        connected();
        CompletableFuture<Long> answer = publish("1");
        this.first.refuses("TRYAGAIN later");
        assertThat(answer).isCompletedExceptionally();
        assertThat(this.observed).contains("REFUSED 0");
    }

    @Test
    void isNotOfferedAgainOnceCancelled() {
        connected();
        CompletableFuture<Long> answer = publish("1");
        this.first.refuses("TRYAGAIN later");
        answer.cancel(false);
        this.waiting.remove().run();
        assertThat(this.first.sent).containsExactly("1");
        assertThat(this.observed).containsExactly("retried: TRYAGAIN later", "REFUSED 0");
    }

    @Test
    void failsTheAnswerWhenSendingFails() {
        this.connection = connection(Duration.ZERO);
        connected();
        willThrow(new IllegalStateException("closed"))
                .given(this.first.connection)
                .dispatch(any(RedisCommand.class));
        assertThat(publish("1")).isCompletedExceptionally();
        assertThat(this.observed).containsExactly("REFUSED 0");
    }
}
