package io.github.shardedpubsub.pipe;

import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.withSettings;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisURI;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.metrics.CommandLatencyRecorder;
import io.lettuce.core.output.StatusOutput;
import io.lettuce.core.protocol.AsyncCommand;
import io.lettuce.core.protocol.Command;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandEncoder;
import io.lettuce.core.protocol.CommandType;
import io.lettuce.core.protocol.Endpoint;
import io.lettuce.core.protocol.ProtocolKeyword;
import io.lettuce.core.protocol.RedisCommand;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import io.netty.channel.DefaultChannelId;
import io.netty.channel.embedded.EmbeddedChannel;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.mockito.Answers;
import org.mockito.Mockito;

/** A pipe without a network: what it writes can be read, and what it reads is fed to it in any portions. */
final class EmbeddedPipe {

    /** Latency metrics are on, so that Lettuce wraps every command. */
    static final ClientResources RESOURCES = DefaultClientResources.builder()
            .ioThreadPoolSize(2)
            .computationThreadPoolSize(2)
            .commandLatencyRecorder(new CommandLatencyRecorder() {

                @Override
                public boolean isEnabled() {
                    return true;
                }

                @Override
                public void recordCommandLatency(
                        SocketAddress local,
                        SocketAddress remote,
                        ProtocolKeyword command,
                        long firstResponse,
                        long completion) {}
            })
            .build();

    final RecordingListener listener = new RecordingListener();

    final LettucePipe pipe;

    private final PipeSettings settings;

    /** What Lettuce would have sent again on the next connection. */
    final List<RedisCommand<?, ?, ?>> keptForReplay = new ArrayList<>();

    private final List<Endpoint> endpoints = new ArrayList<>();

    private final EmbeddedWire wire = new EmbeddedWire();

    private final ShardPushes messages;

    EmbeddedChannel channel;

    EmbeddedPipe() {
        this(PipeSettings.DEFAULTS, ShardPushes::new);
    }

    EmbeddedPipe(PipeSettings settings, Function<PipeListener, ShardPushes> messages) {
        this.settings = settings;
        this.messages = messages.apply(this.listener);
        this.pipe = new LettucePipe(
                RESOURCES, ClientOptions.create(), RedisURI.create("redis://localhost"), settings, this.listener);
        this.channel = connect();
    }

    EmbeddedChannel connect() {
        Endpoint endpoint = mock(Endpoint.class, withSettings().stubOnly().defaultAnswer(call -> {
            if (call.getMethod().getName().equals("notifyDrainQueuedCommands")) {
                this.keptForReplay.addAll(
                        call.<PipeCommandHandler>getArgument(0).drainQueue());
            }
            return Answers.RETURNS_DEFAULTS.answer(call);
        }));
        this.endpoints.add(endpoint);
        PipeCommandHandler handler = new PipeCommandHandler(
                this.pipe.getOptions(), RESOURCES, endpoint, this.pipe, this.settings, this.messages);
        this.channel = new EmbeddedChannel(DefaultChannelId.newInstance(), false, false, new CommandEncoder(), handler);
        this.wire.carry(this.channel);
        try {
            this.channel.register();
        } catch (Exception ex) {
            throw new IllegalStateException(ex);
        }
        return this.channel;
    }

    void subscribe(String name, String... channels) {
        this.listener.watch(name, this.pipe.subscribe(names(channels)));
        this.channel.runPendingTasks();
    }

    void unsubscribe(String name, String... channels) {
        this.listener.watch(name, this.pipe.unsubscribe(names(channels)));
        this.channel.runPendingTasks();
    }

    static List<ChannelName> names(String... channels) {
        return Arrays.stream(channels).map(ChannelName::of).toList();
    }

    /** A command of Lettuce's own, such as it sends when credentials are renewed. */
    CompletableFuture<String> auth(String name) {
        AsyncCommand<String, String, String> auth = new AsyncCommand<>(new Command<>(
                CommandType.AUTH,
                new StatusOutput<>(StringCodec.UTF8),
                new CommandArgs<>(StringCodec.UTF8).add("secret")));
        this.channel.writeOutbound(auth);
        CompletableFuture<String> future = auth.toCompletableFuture();
        future.whenComplete((reply, failure) ->
                this.listener.events.add(name + ": " + (failure != null ? failure.getMessage() : reply)));
        return future;
    }

    void receive(String bytes) {
        this.wire.receive(this.channel, bytes);
    }

    String written() {
        return this.wire.written(this.channel);
    }

    /** Closes the connection and says how many bytes are still held by somebody. */
    long leakedAfterClose() {
        long leaked = this.wire.leakedAfterClose(this.channel);
        // Mockito keeps a mock for as long as its answer leads to it, and with it all of this.
        this.endpoints.forEach(Mockito.framework()::clearInlineMock);
        return leaked;
    }

    static void shutdown() {
        RESOURCES.shutdown(0, 0, TimeUnit.MILLISECONDS).awaitUninterruptibly();
    }
}
