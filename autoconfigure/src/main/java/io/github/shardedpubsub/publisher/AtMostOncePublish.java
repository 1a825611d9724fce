package io.github.shardedpubsub.publisher;

import io.lettuce.core.RedisConnectionException;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.output.CommandOutput;
import io.lettuce.core.protocol.AsyncCommand;
import io.lettuce.core.protocol.Command;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandType;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * An {@code SPUBLISH} that Lettuce cannot send a second time. It sends again what was on a connection without an answer when that was
 * lost, over the next connection or, if the node has left the cluster, at another node; but the message may have been published.
 */
final class AtMostOncePublish extends AsyncCommand<byte[], byte[], Long> {

    private static final byte[] PING = "*1\r\n$4\r\nPING\r\n".getBytes(StandardCharsets.US_ASCII);

    private final Receivers receivers;

    /** Decided between the event loop that sends and whoever completes the command before. */
    private final AtomicReference<State> state = new AtomicReference<>(State.WAITING);

    private enum State {
        WAITING,
        SENT,
        ABANDONED
    }

    AtMostOncePublish(byte[] channel, byte[] payload) {
        this(channel, payload, new Receivers());
    }

    private AtMostOncePublish(byte[] channel, byte[] payload, Receivers receivers) {
        this(
                CommandType.SPUBLISH,
                new CommandArgs<>(ByteArrayCodec.INSTANCE).addKey(channel).addValue(payload),
                receivers);
    }

    private AtMostOncePublish(CommandType type, CommandArgs<byte[], byte[]> arguments, Receivers receivers) {
        super(new Command<>(type, receivers, arguments));
        this.receivers = receivers;
    }

    /**
     * A script that publishes.
     *
     * @param type {@code EVAL} or {@code EVALSHA}; or {@code WAIT}, which answers with a number, too
     */
    static AtMostOncePublish script(CommandType type, CommandArgs<byte[], byte[]> arguments) {
        return new AtMostOncePublish(type, arguments, new Receivers());
    }

    /** What a script has answered besides the number of receivers. */
    List<String> texts() {
        List<String> texts = this.receivers.texts;
        return texts != null ? texts : List.of();
    }

    /** Called on the event loop of the connection each time that it is to be sent there. */
    @Override
    public void encode(ByteBuf out) {
        boolean first = this.state.compareAndSet(State.WAITING, State.SENT);
        if (first || (this.state.get() == State.SENT && this.receivers.refused)) {
            this.receivers.refused = false;
            super.encode(out);
        } else {
            // something has to be sent: Lettuce counts on one reply for it, and whatever follows would get that of its
            // neighbour
            out.writeBytes(PING);
            completeExceptionally(new RedisConnectionException(
                    "The connection was lost before the answer came. The message may have been published or not"));
        }
    }

    /**
     * Sees that it is never sent.
     *
     * @return false if it already was
     */
    boolean abandon() {
        return this.state.compareAndSet(State.WAITING, State.ABANDONED) || this.state.get() == State.ABANDONED;
    }

    /** The number of receivers; an error means that nobody got it. On the event loop. */
    private static final class Receivers extends CommandOutput<byte[], byte[], @Nullable Long> {

        private boolean refused;

        /** Beside the number; null where there is nothing but that. */
        private @Nullable List<String> texts;

        Receivers() {
            super(ByteArrayCodec.INSTANCE, null);
        }

        @Override
        public void set(long integer) {
            this.output = integer;
        }

        @Override
        public void multi(int count) {
            this.texts = new ArrayList<>(count);
        }

        @Override
        public void set(@Nullable ByteBuffer bytes) {
            // else it is the answer to the PING
            if (this.texts != null) {
                this.texts.add(bytes != null ? decodeString(bytes) : "");
            }
        }

        @Override
        public void setError(ByteBuffer error) {
            super.setError(error);
            this.refused = true;
        }
    }
}
