package io.github.shardedpubsub.pipe;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisChannelWriter;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.push.PushMessage;
import io.lettuce.core.cluster.SlotHash;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.output.StatusOutput;
import io.lettuce.core.protocol.AsyncCommand;
import io.lettuce.core.protocol.Command;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandEncoder;
import io.lettuce.core.protocol.CommandType;
import io.lettuce.core.pubsub.PubSubCommandHandler;
import io.lettuce.core.pubsub.PubSubEndpoint;
import io.lettuce.core.pubsub.PubSubOutput;
import io.lettuce.core.pubsub.RedisPubSubListener;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnectionImpl;
import io.lettuce.core.pubsub.api.async.RedisPubSubAsyncCommands;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.DefaultChannelId;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** A pub/sub connection of Lettuce with our handler in it and without a network. */
final class EmbeddedConnection {

    /** What listeners hear and what futures say, in one order. */
    final List<String> events = new ArrayList<>();

    final PubSubFence fence = new PubSubFence(SlotHash::getSlot);

    private final EmbeddedWire wire = new EmbeddedWire();

    private final RefusingCodec codec = new RefusingCodec();

    private final ClientOptions options;

    private final PubSubEndpoint<String, String> endpoint;

    private final StatefulRedisPubSubConnectionImpl<String, String> connection;

    EmbeddedChannel channel;

    EmbeddedConnection() {
        this(ClientOptions.create());
    }

    EmbeddedConnection(ClientOptions options) {
        this.options = options;
        this.endpoint = new PubSubEndpoint<>(options, EmbeddedPipe.RESOURCES);
        this.connection = new StatefulRedisPubSubConnectionImpl<>(
                this.endpoint, (RedisChannelWriter) this.endpoint, this.codec, RedisURI.DEFAULT_TIMEOUT_DURATION);
        this.connection.setOptions(options);
        this.connection.addListener(new Heard());
        this.channel = connect();
    }

    EmbeddedChannel connect() {
        this.channel = new EmbeddedChannel(DefaultChannelId.newInstance(), false, false);
        this.wire.carry(this.channel);
        this.channel.pipeline().addLast(new ChannelInitializer<>() {

            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline()
                        .addLast(
                                new CommandEncoder(),
                                new PubSubCommandHandler<>(
                                        EmbeddedConnection.this.options,
                                        EmbeddedPipe.RESOURCES,
                                        EmbeddedConnection.this.codec,
                                        EmbeddedConnection.this.endpoint));
                EmbeddedConnection.this
                        .fence
                        .around(EmbeddedPipe.RESOURCES)
                        .nettyCustomizer()
                        .afterChannelInitialized(channel);
            }
        });
        try {
            this.channel.register();
        } catch (Exception ex) {
            throw new IllegalStateException(ex);
        }
        Objects.requireNonNull(this.channel.pipeline().get(FencedPubSubHandler.class));
        return this.channel;
    }

    /** From now on the connection's codec fails at this value. */
    void refuseToDecode(String value) {
        this.codec.refused = value;
    }

    void hearPushes() {
        this.connection.addListener((PushMessage push) -> this.events.add("push " + push.getType()));
    }

    interface Call {

        RedisFuture<?> on(RedisPubSubAsyncCommands<String, String> commands);
    }

    /** Calls a command and writes down, by this name, what its future says. */
    RedisFuture<?> call(String name, Call call) {
        RedisFuture<?> future = call.on(this.connection.async());
        watch(name, future);
        this.channel.runPendingTasks();
        return future;
    }

    private void watch(String name, CompletionStage<?> future) {
        var unused = future.whenComplete(
                (result, failure) -> this.events.add(name + ": " + (failure != null ? failure.getMessage() : result)));
    }

    /** Whatever is called goes out together. */
    void unflushed(Runnable calls) {
        this.connection.setAutoFlushCommands(false);
        calls.run();
        this.connection.flushCommands();
        this.connection.setAutoFlushCommands(true);
        this.channel.runPendingTasks();
    }

    /** An echo of its own name and a SUNSUBSCRIBE, handed to the pipeline as one collection. */
    void callInOneWrite(String echo, String unsubscribe, String shardChannel) {
        AsyncCommand<String, String, String> first = new AsyncCommand<>(new Command<>(
                CommandType.ECHO, new StatusOutput<>(StringCodec.UTF8), new CommandArgs<>(StringCodec.UTF8).add(echo)));
        AsyncCommand<String, String, String> second = new AsyncCommand<>(new Command<>(
                CommandType.SUNSUBSCRIBE,
                new PubSubOutput<>(StringCodec.UTF8),
                new CommandArgs<>(StringCodec.UTF8).addKey(shardChannel)));
        watch(echo, first);
        watch(unsubscribe, second);
        this.channel.writeOutbound(List.of(first, second));
    }

    void closed() {
        this.connection.closeAsync();
        this.channel.runPendingTasks();
    }

    void receive(String bytes) {
        this.wire.receive(this.channel, bytes);
    }

    void receiveIfAny(String bytes) {
        if (!bytes.isEmpty()) {
            receive(bytes);
        }
    }

    String written() {
        return this.wire.written(this.channel);
    }

    /** Closes the connection and says how many bytes are still held by somebody. */
    long leakedAfterClose() {
        return this.wire.leakedAfterClose(this.channel);
    }

    private static final class RefusingCodec extends StringCodec {

        private @Nullable String refused;

        RefusingCodec() {
            super(StandardCharsets.UTF_8);
        }

        @Override
        public String decodeValue(ByteBuffer bytes) {
            String value = super.decodeValue(bytes);
            if (value.equals(this.refused)) {
                throw new IllegalArgumentException("refused");
            }
            return value;
        }
    }

    private final class Heard implements RedisPubSubListener<String, String> {

        private void add(String event) {
            EmbeddedConnection.this.events.add(event);
        }

        @Override
        public void message(String channel, String message) {
            add("message " + channel + " " + message);
        }

        @Override
        public void message(String pattern, String channel, String message) {
            add("message " + pattern + " " + channel + " " + message);
        }

        @Override
        public void smessage(String channel, String message) {
            add("smessage " + channel + " " + message);
        }

        @Override
        public void subscribed(String channel, long count) {
            add("subscribed " + channel + " " + count);
        }

        @Override
        public void psubscribed(String pattern, long count) {
            add("psubscribed " + pattern + " " + count);
        }

        @Override
        public void ssubscribed(String channel, long count) {
            add("ssubscribed " + channel + " " + count);
        }

        @Override
        public void unsubscribed(String channel, long count) {
            add("unsubscribed " + channel + " " + count);
        }

        @Override
        public void punsubscribed(String pattern, long count) {
            add("punsubscribed " + pattern + " " + count);
        }

        @Override
        public void sunsubscribed(String channel, long count) {
            add("sunsubscribed " + channel + " " + count);
        }
    }
}
