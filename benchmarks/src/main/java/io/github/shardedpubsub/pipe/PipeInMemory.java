package io.github.shardedpubsub.pipe;

import io.github.shardedpubsub.benchmark.jmh.InMemoryConnection;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisURI;
import io.lettuce.core.protocol.CommandEncoder;
import io.lettuce.core.protocol.DefaultEndpoint;
import io.lettuce.core.resource.ClientResources;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A pipe whose connection is a channel in memory, to which bytes are given as if they had been received. Only the pipe's own package can
 * open it, which goes on here: on a class path it may.
 */
public final class PipeInMemory implements InMemoryConnection {

    private final LettucePipe pipe;

    private final EmbeddedChannel channel;

    /** Connects it. */
    public PipeInMemory(ClientResources resources, PipeListener listener) {
        this.pipe = new LettucePipe(
                resources,
                ClientOptions.create(),
                RedisURI.create("redis://localhost"),
                PipeSettings.DEFAULTS,
                listener);
        DefaultEndpoint endpoint = new DefaultEndpoint(this.pipe.getOptions(), resources);
        endpoint.setConnectionFacade(InMemoryConnection.NO_CONNECTION);
        this.channel = InMemoryConnection.channel(
                new CommandEncoder(),
                new PipeCommandHandler(
                        this.pipe.getOptions(),
                        resources,
                        endpoint,
                        this.pipe,
                        PipeSettings.DEFAULTS,
                        new ShardPushes(listener)));
    }

    @Override
    public EmbeddedChannel channel() {
        return this.channel;
    }

    @Override
    public CompletableFuture<?> subscribe(String name) {
        return this.pipe.subscribe(List.of(ChannelName.of(name))).thenAccept(outcome -> {
            if (!(outcome instanceof Outcome.Confirmed)) {
                throw new IllegalStateException("Not confirmed: " + outcome);
            }
        });
    }
}
