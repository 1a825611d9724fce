package io.github.shardedpubsub.sample;

import io.lettuce.core.cluster.ClusterClientOptions;
import io.lettuce.core.cluster.ClusterTopologyRefreshOptions;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.models.partitions.RedisClusterNode;
import io.lettuce.core.cluster.pubsub.RedisClusterPubSubAdapter;
import io.lettuce.core.cluster.pubsub.StatefulRedisClusterPubSubConnection;
import io.lettuce.core.resource.ClientResources;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.stereotype.Component;
import tools.jackson.databind.json.JsonMapper;

/**
 * The counter-example: the same channels by Lettuce's own cluster pub/sub connection, with topology refresh as its documentation
 * recommends, and without our fence, since its client is made here and not by Spring Boot. When a slot moves, the server ends the
 * subscription, and nobody subscribes again.
 */
@Component
class LettuceAlone implements DisposableBean {

    private static final Duration REFRESH = Duration.ofSeconds(5);

    private static final int SUBSCRIBING_SECONDS = 10;

    private final LettuceConnectionFactory connectionFactory;

    private final ClientResources resources;

    private final List<String> channels;

    private final Listeners listeners;

    private final JsonMapper json;

    private @Nullable RedisClusterClient client;

    LettuceAlone(
            LettuceConnectionFactory connectionFactory,
            ClientResources resources,
            CourierLedger couriers,
            Listeners listeners,
            JsonMapper json) {
        this.connectionFactory = connectionFactory;
        this.resources = resources;
        this.channels = List.copyOf(couriers.byChannel().keySet());
        this.listeners = listeners;
        this.json = json;
    }

    /** Listens from now on; returns when every channel is subscribed. */
    synchronized void start() {
        if (this.client != null) {
            throw new NotPossibleException("Lettuce alone is listening already");
        }
        ListeningBook book = new ListeningBook(this.channels);
        RedisClusterClient starting = RedisClusterClient.create(
                this.resources,
                ((RedisClusterClient) this.connectionFactory.getRequiredNativeClient())
                        .getPartitions().stream().map(RedisClusterNode::getUri).toList());
        try {
            starting.setOptions(ClusterClientOptions.builder()
                    .topologyRefreshOptions(ClusterTopologyRefreshOptions.builder()
                            .enablePeriodicRefresh(REFRESH)
                            .enableAllAdaptiveRefreshTriggers()
                            .build())
                    .build());
            subscribe(starting.connectPubSub(), book);
        } catch (RuntimeException failed) {
            starting.close();
            throw new NotPossibleException("Lettuce alone could not subscribe: " + failed.getMessage());
        }
        this.client = starting;
        this.listeners.compareWith(book);
    }

    private void subscribe(StatefulRedisClusterPubSubConnection<String, String> connection, ListeningBook book) {
        connection.addListener(new RedisClusterPubSubAdapter<>() {

            @Override
            public void smessage(RedisClusterNode node, String channel, String message) {
                book.heard(channel, LettuceAlone.this.json.readValue(payload(message), Position.class));
            }
        });
        try {
            CompletableFuture.allOf(this.channels.stream()
                            .map(channel ->
                                    connection.async().ssubscribe(channel).toCompletableFuture())
                            .toArray(CompletableFuture[]::new))
                    .get(SUBSCRIBING_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", ex);
        } catch (ExecutionException | TimeoutException ex) {
            throw new IllegalStateException(String.valueOf(ex.getCause() != null ? ex.getCause() : ex), ex);
        }
    }

    /** What stands behind the line that a message of a channel with a history begins with, and a plain message has not. */
    private static String payload(String message) {
        return message.startsWith("{") ? message : message.substring(message.indexOf('\n') + 1);
    }

    /** Listens no more, and forgets what was counted. */
    synchronized void stop() {
        this.listeners.compareWith(null);
        if (this.client != null) {
            this.client.close();
            this.client = null;
        }
    }

    @Override
    public void destroy() {
        stop();
    }
}
