package io.github.shardedpubsub.pipe;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.ConnectionBuilder;
import io.lettuce.core.ConnectionFuture;
import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.protocol.ProtocolVersion;
import io.lettuce.core.resource.ClientResources;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A pipe on a connection that Lettuce opens, secures, authenticates and opens again by its own means; only the command handler
 * in it is ours. It is a client of its own because that is where Lettuce lets one put a handler in without reflection.
 */
final class LettucePipe extends RedisClient implements Pipe {

    private final PipeSettings settings;

    private final PipeListener listener;

    private volatile @Nullable PipeCommandHandler connection;

    private volatile boolean closed;

    LettucePipe(
            ClientResources resources,
            ClientOptions options,
            RedisURI uri,
            PipeSettings settings,
            PipeListener listener) {
        super(resources, uri);
        this.settings = settings;
        this.listener = listener;
        setOptions(options.mutate()
                .autoReconnect(true)
                .protocolVersion(ProtocolVersion.RESP3)
                // a unit must never be sent on another connection than the one it was meant for
                .disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
                // units are bounded by what their callers have in flight, and are taken out of the queue by position
                .requestQueueSize(Integer.MAX_VALUE)
                .useHashIndexQueue(false)
                .build());
    }

    void open(RedisURI uri) {
        connectAsync(ByteArrayCodec.INSTANCE, uri).whenComplete((connection, failure) -> {
            if (failure != null) {
                if (!this.closed) {
                    closeAsync();
                    this.listener.connectFailed(failure);
                }
            } else if (this.closed) {
                shutdownAsync(0, 0, TimeUnit.MILLISECONDS);
            }
        });
    }

    @Override
    protected <K, V, T extends RedisChannelHandler<K, V>> ConnectionFuture<T> initializeChannelAsync(
            ConnectionBuilder connectionBuilder) {
        connectionBuilder.commandHandler(() -> new PipeCommandHandler(
                getOptions(),
                getResources(),
                connectionBuilder.endpoint(),
                this,
                this.settings,
                new ShardPushes(this.listener)));
        return super.initializeChannelAsync(connectionBuilder);
    }

    PipeListener listener() {
        return this.listener;
    }

    void activated(PipeCommandHandler connection) {
        if (this.closed) {
            connection.close("the pipe is closed");
            return;
        }
        this.connection = connection;
        this.listener.connected();
    }

    void deactivated(PipeCommandHandler connection, String reason) {
        if (this.connection == connection) {
            this.connection = null;
            if (!this.closed) {
                this.listener.disconnected(reason);
            }
        }
    }

    @Override
    public CompletableFuture<Outcome> subscribe(List<ChannelName> channels) {
        return send(FencedUnit.subscribe(channels));
    }

    @Override
    public CompletableFuture<Outcome> unsubscribe(List<ChannelName> channels) {
        return send(FencedUnit.unsubscribe(channels));
    }

    @Override
    public CompletableFuture<Outcome> subscribeAsking(List<ChannelName> channels) {
        return send(FencedUnit.subscribeAsking(channels));
    }

    @Override
    public CompletableFuture<Outcome> unsubscribeAsking(List<ChannelName> channels) {
        return send(FencedUnit.unsubscribeAsking(channels));
    }

    @Override
    public CompletableFuture<Outcome> subscribeClassic(ChannelName channel) {
        return send(FencedUnit.subscribeClassic(channel));
    }

    @Override
    public CompletableFuture<Outcome> send(PlainCommand command) {
        return send(FencedUnit.plain(command));
    }

    @Override
    public CompletableFuture<Outcome> fence() {
        return send(FencedUnit.fence());
    }

    private CompletableFuture<Outcome> send(FencedUnit unit) {
        PipeCommandHandler connection = this.connection;
        if (connection == null) {
            unit.finish(new Outcome.Unknown("not connected"));
        } else {
            connection.send(unit);
        }
        return unit.outcome();
    }

    @Override
    public void pauseReading() {
        PipeCommandHandler connection = this.connection;
        if (connection != null) {
            connection.read(false);
        }
    }

    @Override
    public void resumeReading() {
        PipeCommandHandler connection = this.connection;
        if (connection != null) {
            connection.read(true);
        }
    }

    @Override
    public boolean isConnected() {
        return this.connection != null;
    }

    @Override
    public void reconnect(String reason) {
        PipeCommandHandler connection = this.connection;
        if (connection != null) {
            connection.reconnect(reason);
        }
    }

    @Override
    public CompletableFuture<Void> closeAsync() {
        this.closed = true;
        return shutdownAsync(0, 0, TimeUnit.MILLISECONDS).exceptionally(alreadyClosing -> null);
    }
}
