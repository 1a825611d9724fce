package io.github.shardedpubsub.benchmark.jmh;

import io.lettuce.core.protocol.ConnectionFacade;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler;
import io.netty.channel.DefaultChannelId;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A client's connection without a network: what it reads is given to its channel. */
public interface InMemoryConnection {

    /** For endpoints that have a connection to tell. */
    ConnectionFacade NO_CONNECTION = new ConnectionFacade() {

        @Override
        public void activated() {}

        @Override
        public void deactivated() {}
    };

    /** Where it reads from. */
    EmbeddedChannel channel();

    /** Asks for a shard channel. */
    CompletableFuture<?> subscribe(String name);

    /** A channel that is connected, with these handlers. */
    static EmbeddedChannel channel(ChannelHandler... handlers) {
        EmbeddedChannel channel = new EmbeddedChannel(DefaultChannelId.newInstance(), false, false, handlers);
        try {
            channel.register();
        } catch (Exception ex) {
            throw new IllegalStateException(ex);
        }
        return channel;
    }

    /** Subscribes channels, each of which is confirmed as a server does. */
    default void subscribe(List<String> names) {
        EmbeddedChannel channel = channel();
        for (String name : names) {
            CompletableFuture<?> confirmed = subscribe(name);
            channel.runPendingTasks();
            String sent = sent();
            receive(">3\r\n$10\r\nssubscribe\r\n" + bulk(name) + ":1\r\n");
            if (sent.contains("PING")) {
                // what it is to echo is the last word
                receive(sent.substring(sent.lastIndexOf('$')));
            }
            channel.runPendingTasks();
            if (!confirmed.isDone() || confirmed.isCompletedExceptionally()) {
                throw new IllegalStateException("Not subscribed: " + name + ", " + confirmed);
            }
        }
    }

    private String sent() {
        StringBuilder sent = new StringBuilder();
        for (ByteBuf buffer = channel().readOutbound();
                buffer != null;
                buffer = channel().readOutbound()) {
            sent.append(buffer.toString(StandardCharsets.US_ASCII));
            buffer.release();
        }
        return sent.toString();
    }

    private void receive(String bytes) {
        receive(bytes.getBytes(StandardCharsets.US_ASCII), 0, bytes.length());
    }

    /** Reads these bytes, as one read of a socket would. */
    default void receive(byte[] bytes, int offset, int length) {
        EmbeddedChannel channel = channel();
        ByteBuf buffer = channel.alloc().directBuffer(length);
        buffer.writeBytes(bytes, offset, length);
        channel.writeInbound(buffer);
    }

    /** A bulk string. */
    static String bulk(String text) {
        return "$" + text.length() + "\r\n" + text + "\r\n";
    }
}
