package io.github.shardedpubsub.publisher;

import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.cluster.SlotHash;
import io.lettuce.core.cluster.api.StatefulRedisClusterConnection;
import io.lettuce.core.cluster.models.partitions.RedisClusterNode;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A cluster connection that sends in order from the first message on. Lettuce opens the connection to a node with the first command
 * for it and lets the commands that come meanwhile wait, but one that comes just when it stands is sent past those. So messages for
 * a node wait in line here, and none passes another.
 */
final class PublishingConnection {

    private final StatefulRedisClusterConnection<byte[], byte[]> connection;

    /** For each node that has been sent to: completed when all that had to wait for its connection has been sent. */
    private final Map<String, CompletableFuture<Void>> lines = new ConcurrentHashMap<>();

    PublishingConnection(StatefulRedisClusterConnection<byte[], byte[]> connection) {
        this.connection = connection;
    }

    /** Sends a message and returns this; whatever fails, fails the answer. */
    PublishingConnection publish(byte[] channel, byte[] payload, CompletableFuture<Long> answer) {
        try {
            RedisClusterNode owner = this.connection.getPartitions().getPartitionBySlot(SlotHash.getSlot(channel));
            if (owner == null) {
                // Lettuce knows best what to say of a slot that nobody serves.
                send(channel, payload, answer);
            } else {
                sendInLine(owner.getUri().getHost(), owner.getUri().getPort(), () -> send(channel, payload, answer));
            }
        } catch (RuntimeException ex) {
            answer.completeExceptionally(ex);
        }
        return this;
    }

    private void sendInLine(String host, int port, Runnable sending) {
        String node = host + ":" + port;
        CompletableFuture<Void> line = this.lines.get(node);
        if (line != null && line.isDone()) {
            sending.run();
        } else {
            this.lines.compute(node, (key, last) -> (last != null ? last : open(host, port)).thenRun(sending));
        }
    }

    /** A failure is not ours to tell: Lettuce tells it to the command that meets it. */
    private CompletableFuture<Void> open(String host, int port) {
        return this.connection.getConnectionAsync(host, port).handle((opened, failure) -> null);
    }

    private void send(byte[] channel, byte[] payload, CompletableFuture<Long> answer) {
        try {
            var unused = this.connection.async().spublish(channel, payload).whenComplete((receivers, failure) -> {
                if (failure != null) {
                    answer.completeExceptionally(failure);
                } else {
                    answer.complete(receivers);
                }
            });
        } catch (RuntimeException ex) {
            answer.completeExceptionally(ex);
        }
    }

    CompletableFuture<Void> close() {
        // The end of the client closes it too, and Lettuce warns of a second time.
        boolean closed = this.connection instanceof RedisChannelHandler<?, ?> handler && handler.isClosed();
        return closed ? CompletableFuture.completedFuture(null) : this.connection.closeAsync();
    }
}
