package io.github.shardedpubsub.recovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.when;
import static org.mockito.Mockito.withSettings;

import io.github.shardedpubsub.pipe.ChannelName;
import io.lettuce.core.RedisException;
import io.lettuce.core.cluster.PipelinedRedisFuture;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.api.StatefulRedisClusterConnection;
import io.lettuce.core.cluster.api.async.RedisAdvancedClusterAsyncCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.resource.ClientResources;
import io.netty.util.concurrent.DefaultEventExecutorGroup;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Reading histories from a client that answers at once, on the thread that asks. */
class HistoryReaderTests {

    private static final int MANY = 20_000;

    private static final int CONCURRENCY = 16;

    private final DefaultEventExecutorGroup executors = new DefaultEventExecutorGroup(2);

    private final AtomicBoolean refusing = new AtomicBoolean(true);

    private final AtomicInteger asked = new AtomicInteger();

    @AfterEach
    void shutDown() {
        this.executors.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }

    @SuppressWarnings("unchecked")
    private RedisClusterClient client() {
        RedisAdvancedClusterAsyncCommands<byte[], byte[]> commands =
                mock(RedisAdvancedClusterAsyncCommands.class, withSettings().stubOnly());
        when(commands.xrevrange(any(), any(), any())).thenAnswer(call -> {
            this.asked.incrementAndGet();
            return new PipelinedRedisFuture<>(
                    this.refusing.get()
                            ? CompletableFuture.failedFuture(new RedisException("not connected"))
                            : CompletableFuture.completedFuture(List.of()));
        });
        StatefulRedisClusterConnection<byte[], byte[]> connection =
                mock(StatefulRedisClusterConnection.class, withSettings().stubOnly());
        when(connection.async()).thenReturn(commands);
        when(connection.closeAsync()).thenReturn(CompletableFuture.completedFuture(null));
        ClientResources resources = mock(ClientResources.class, withSettings().stubOnly());
        when(resources.eventExecutorGroup()).thenReturn(this.executors);
        RedisClusterClient client =
                mock(RedisClusterClient.class, withSettings().stubOnly());
        when(client.getResources()).thenReturn(resources);
        when(client.refreshPartitionsAsync()).thenReturn(CompletableFuture.completedFuture(null));
        when(client.connectAsync(ByteArrayCodec.INSTANCE)).thenReturn(CompletableFuture.completedFuture(connection));
        return client;
    }

    @Test
    void veryManyRefusalsAtOnceAreNotTheEndOfReading() {
        RedisClusterClient client = client();
        HistoryReader reader = new HistoryReader(() -> client, CONCURRENCY, new RecoveryObserver() {});
        List<ChannelRecovery> recoveries = new ArrayList<>();
        for (int i = 0; i < MANY; i++) {
            recoveries.add(new ChannelRecovery(
                    ChannelName.of("c" + i),
                    new byte[] {'k'},
                    reader,
                    RecoverySettings.DEFAULTS,
                    new RecoveryObserver() {},
                    mock(RecoverySink.class, withSettings().stubOnly()),
                    mock(ChannelRecovery.Stragglers.class, withSettings().stubOnly()),
                    StartPosition.NEW,
                    null));
        }

        recoveries.forEach(ChannelRecovery::start);
        while (this.asked.get() < 2 * MANY) {
            Thread.onSpinWait();
        }
        this.refusing.set(false);

        assertThat(CompletableFuture.allOf(
                        recoveries.stream().map(ChannelRecovery::begun).toArray(CompletableFuture[]::new)))
                .succeedsWithin(30, TimeUnit.SECONDS);
        reader.close();
    }
}
