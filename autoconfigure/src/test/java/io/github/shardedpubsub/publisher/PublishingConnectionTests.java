package io.github.shardedpubsub.publisher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.BDDMockito.given;
import static org.mockito.BDDMockito.willThrow;
import static org.mockito.Mockito.mock;

import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.cluster.SlotHash;
import io.lettuce.core.cluster.api.StatefulRedisClusterConnection;
import io.lettuce.core.cluster.api.async.RedisAdvancedClusterAsyncCommands;
import io.lettuce.core.cluster.models.partitions.Partitions;
import io.lettuce.core.cluster.models.partitions.RedisClusterNode;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.output.IntegerOutput;
import io.lettuce.core.protocol.AsyncCommand;
import io.lettuce.core.protocol.Command;
import io.lettuce.core.protocol.CommandType;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PublishingConnectionTests {

    private static final byte[] CHANNEL = "orders".getBytes(StandardCharsets.UTF_8);

    @SuppressWarnings("unchecked")
    private final StatefulRedisClusterConnection<byte[], byte[]> lettuce = mock(StatefulRedisClusterConnection.class);

    @SuppressWarnings("unchecked")
    private final RedisAdvancedClusterAsyncCommands<byte[], byte[]> commands =
            mock(RedisAdvancedClusterAsyncCommands.class);

    private final CompletableFuture<StatefulRedisConnection<byte[], byte[]>> node = new CompletableFuture<>();

    private final Partitions partitions = new Partitions();

    private final List<String> sent = new ArrayList<>();

    private final PublishingConnection connection = new PublishingConnection(this.lettuce);

    @BeforeEach
    void connect() {
        RedisClusterNode owner = RedisClusterNode.of("a");
        owner.setUri(RedisURI.create("redis://127.0.0.1:7000"));
        owner.setSlots(IntStream.range(0, SlotHash.SLOT_COUNT).boxed().toList());
        this.partitions.add(owner);
        this.partitions.updateCache();
        given(this.lettuce.getPartitions()).willReturn(this.partitions);
        given(this.lettuce.getConnectionAsync("127.0.0.1", 7000)).willReturn(this.node);
        given(this.lettuce.async()).willReturn(this.commands);
        given(this.commands.spublish(any(), any())).willAnswer(call -> {
            this.sent.add(new String(call.<byte[]>getArgument(1), StandardCharsets.UTF_8));
            return new AsyncCommand<>(
                    new Command<>(CommandType.SPUBLISH, new IntegerOutput<>(ByteArrayCodec.INSTANCE), null));
        });
    }

    private void publish(String message) {
        this.connection.publish(CHANNEL, message.getBytes(StandardCharsets.UTF_8), new CompletableFuture<>());
    }

    @Test
    void letsMessagesWaitInLineUntilTheNodeIsConnected() {
        publish("1");
        publish("2");
        publish("3");
        assertThat(this.sent).isEmpty();
        this.node.complete(mock());
        publish("4");
        assertThat(this.sent).containsExactly("1", "2", "3", "4");
    }

    @Test
    void leavesTheFailureOfAConnectionToLettuce() {
        publish("1");
        this.node.completeExceptionally(new IllegalStateException("no connection"));
        assertThat(this.sent).containsExactly("1");
    }

    @Test
    void leavesASlotThatNobodyServesToLettuce() {
        this.partitions.clear();
        publish("1");
        assertThat(this.sent).containsExactly("1");
    }

    @Test
    void failsTheAnswerWhenSendingFails() {
        CompletableFuture<Long> answer = new CompletableFuture<>();
        this.node.complete(mock());
        willThrow(new IllegalStateException("closed")).given(this.commands).spublish(any(), any());
        this.connection.publish(CHANNEL, new byte[0], answer);
        assertThat(answer).isCompletedExceptionally();
    }
}
