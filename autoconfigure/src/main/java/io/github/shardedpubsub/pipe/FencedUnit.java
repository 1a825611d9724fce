package io.github.shardedpubsub.pipe;

import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.output.CommandOutput;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandType;
import io.lettuce.core.protocol.CompleteableCommand;
import io.lettuce.core.protocol.ProtocolKeyword;
import io.lettuce.core.protocol.RedisCommand;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A command and the numbered PING behind it, which Lettuce writes and queues as one command, so that nothing can come between
 * them. It is finished by its fence, the reply to the PING. In full: a plain command (alone, or {@code ASKING}), a pub/sub
 * command, the PING; any of the first two can be missing.
 *
 * <p>Confined to the event loop of its connection once it is sent, but for {@link #outcome()}.
 */
final class FencedUnit implements RedisCommand<byte[], byte[], Outcome>, CompleteableCommand<Outcome>, Fenced {

    private static final int FEW = 16;

    /** What a unit asks for before its PING. */
    enum Kind {
        SUBSCRIBE,
        UNSUBSCRIBE,
        /** A plain command and no pub/sub command. */
        PLAIN,
        /** A PING alone, to settle whose the replies before it were, or to hear whether the server still answers. */
        FENCE;

        boolean isPubSub() {
            return this == SUBSCRIBE || this == UNSUBSCRIBE;
        }
    }

    /** Sent first; its one reply comes before all others of the unit. */
    private final @Nullable PlainCommand first;

    private final @Nullable PubSubVerb verb;

    private final List<ChannelName> channels;

    private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();

    private final UnitReply reply = new UnitReply();

    private long number;

    /** Not the future's word: whoever was given the future can complete it. */
    private volatile boolean finished;

    private long sentAtNanos;

    private FencedUnit(@Nullable PlainCommand first, @Nullable PubSubVerb verb, List<ChannelName> channels) {
        this.first = first;
        this.verb = verb;
        this.channels = channels;
    }

    /** A channel said twice is sent once: the server would confirm it twice and tell nothing more. */
    static FencedUnit subscribe(List<ChannelName> channels) {
        return new FencedUnit(null, PubSubVerb.SSUBSCRIBE, distinct(channels));
    }

    static FencedUnit unsubscribe(List<ChannelName> channels) {
        return new FencedUnit(null, PubSubVerb.SUNSUBSCRIBE, distinct(channels));
    }

    /** At a node that is importing the slot. */
    static FencedUnit subscribeAsking(List<ChannelName> channels) {
        return new FencedUnit(PlainCommand.ASKING, PubSubVerb.SSUBSCRIBE, distinct(channels));
    }

    static FencedUnit unsubscribeAsking(List<ChannelName> channels) {
        return new FencedUnit(PlainCommand.ASKING, PubSubVerb.SUNSUBSCRIBE, distinct(channels));
    }

    static FencedUnit subscribeClassic(ChannelName channel) {
        return new FencedUnit(null, PubSubVerb.SUBSCRIBE, List.of(channel));
    }

    static FencedUnit plain(PlainCommand command) {
        return new FencedUnit(command, null, List.of());
    }

    static FencedUnit fence() {
        return new FencedUnit(null, null, List.of());
    }

    /**
     * What an application has asked for, word for word.
     *
     * @param channels channels or patterns; none, where the verb unsubscribes, for all of them
     */
    static FencedUnit of(PubSubVerb verb, List<ChannelName> channels) {
        return new FencedUnit(null, verb, List.copyOf(channels));
    }

    private static List<ChannelName> distinct(List<ChannelName> channels) {
        if (channels.isEmpty()) {
            throw new IllegalArgumentException("A subscribe or unsubscribe needs at least one channel");
        }
        return areFewAndDistinct(channels) ? List.copyOf(channels) : List.copyOf(new LinkedHashSet<>(channels));
    }

    /** As nearly always; comparing a few of them costs less than a set. */
    private static boolean areFewAndDistinct(List<ChannelName> channels) {
        if (channels.size() > FEW) {
            return false;
        }
        for (int i = 1; i < channels.size(); i++) {
            if (channels.subList(0, i).contains(channels.get(i))) {
                return false;
            }
        }
        return true;
    }

    Kind kind() {
        if (this.verb != null) {
            return this.verb.subscribes() ? Kind.SUBSCRIBE : Kind.UNSUBSCRIBE;
        }
        return this.first != null ? Kind.PLAIN : Kind.FENCE;
    }

    boolean asks(PubSubVerb verb) {
        return this.verb == verb;
    }

    /** Whether a push with this verb undoes what the unit asks for. */
    boolean isUndoneBy(PubSubVerb verb) {
        return this.verb != null && this.verb.isOppositeOf(verb);
    }

    /** Whether a plain command is sent first, whose one reply comes before all others of the unit. */
    boolean beginsPlain() {
        return this.first != null;
    }

    List<ChannelName> channels() {
        return this.channels;
    }

    /** Numbers grow by one along a connection, so that the echo of one proves that all before it has been answered. */
    void sending(long number, long nowNanos) {
        this.number = number;
        this.sentAtNanos = nowNanos;
    }

    long number() {
        return this.number;
    }

    long sentAtNanos() {
        return this.sentAtNanos;
    }

    CompletableFuture<Outcome> outcome() {
        return this.outcome;
    }

    void finish(Outcome outcome) {
        this.finished = true;
        this.outcome.complete(outcome);
    }

    @Override
    public void encode(ByteBuf buf) {
        if (this.first != null) {
            writeLength(buf, '*', this.first.words().size());
            this.first.words().forEach(word -> writeBulk(buf, word));
        }
        if (this.verb != null) {
            writeLength(buf, '*', this.channels.size() + 1);
            writeBulk(buf, this.verb.command().getBytes());
            for (ChannelName channel : this.channels) {
                writeBulk(buf, channel.bytes());
            }
        }
        writeLength(buf, '*', 2);
        writeBulk(buf, CommandType.PING.getBytes());
        writeBulk(buf, Long.toString(this.number).getBytes(StandardCharsets.US_ASCII));
    }

    private static void writeLength(ByteBuf buf, char type, int length) {
        buf.writeByte(type);
        writeDigits(buf, length);
        buf.writeByte('\r').writeByte('\n');
    }

    private static void writeDigits(ByteBuf buf, int number) {
        if (number >= 10) {
            writeDigits(buf, number / 10);
        }
        buf.writeByte('0' + number % 10);
    }

    private static void writeBulk(ByteBuf buf, byte[] bytes) {
        writeLength(buf, '$', bytes.length);
        buf.writeBytes(bytes).writeByte('\r').writeByte('\n');
    }

    @Override
    public ProtocolKeyword getType() {
        return this.verb != null ? this.verb.command() : CommandType.PING;
    }

    /** What Lettuce's tracing and logs show of the unit; the wire is written by {@link #encode}. */
    @Override
    public CommandArgs<byte[], byte[]> getArgs() {
        CommandArgs<byte[], byte[]> args = new CommandArgs<>(ByteArrayCodec.INSTANCE);
        this.channels.forEach(channel -> args.addKey(channel.bytes()));
        return args;
    }

    @Override
    public CommandOutput<byte[], byte[], Outcome> getOutput() {
        return this.reply;
    }

    @Override
    public void setOutput(CommandOutput<byte[], byte[], Outcome> output) {
        throw new UnsupportedOperationException("A unit reads its replies itself");
    }

    @Override
    public CommandOutput<?, ?, ?> reply() {
        return this.reply;
    }

    @Override
    public Reply takeReply() {
        return this.reply.take();
    }

    @Override
    public boolean isAnswered() {
        return this.finished;
    }

    /** Lettuce's word that a reply was read. The outcome is not in a reply but in its place among all of them. */
    @Override
    public void complete() {}

    @Override
    public boolean completeExceptionally(Throwable failure) {
        boolean first = !this.finished;
        finish(new Outcome.Unknown(String.valueOf(failure.getMessage())));
        return first;
    }

    @Override
    public void cancel() {
        finish(new Outcome.Unknown("cancelled"));
    }

    @Override
    public boolean isCancelled() {
        return false;
    }

    @Override
    public boolean isDone() {
        return this.finished;
    }

    @Override
    public void onComplete(Consumer<? super Outcome> action) {
        this.outcome.thenAccept(action);
    }

    @Override
    public void onComplete(BiConsumer<? super Outcome, Throwable> action) {
        this.outcome.whenComplete(action);
    }

    @Override
    public String toString() {
        return (this.first != null ? this.first + " + " : "")
                + (this.verb != null ? this.verb + " " + named() + " + " : "")
                + "PING "
                + this.number;
    }

    private String named() {
        if (this.channels.isEmpty()) {
            return "everything";
        }
        return this.channels.size() == 1
                ? this.channels.get(0).toString()
                : this.channels.get(0) + " and " + (this.channels.size() - 1) + " more";
    }

    /**
     * One reply of the server to this unit: an error line, an integer, or a text such as what PING echoes, by RESP2 with a
     * {@code pong} before it.
     */
    private static final class UnitReply extends CommandOutput<byte[], byte[], Outcome> {

        private static final int PONG_AND_TEXT = 2;

        private @Nullable Reply read;

        private boolean pongDue;

        private boolean strange;

        UnitReply() {
            super(ByteArrayCodec.INSTANCE, null);
        }

        @Override
        public void set(@Nullable ByteBuffer bytes) {
            if (bytes == null) {
                this.strange = true;
            } else if (this.pongDue) {
                this.pongDue = false;
                this.strange |= !decodeString(bytes).equals("pong");
            } else {
                read(Reply.text(decodeString(bytes)));
            }
        }

        @Override
        public void set(long integer) {
            read(Reply.integer(integer));
        }

        private void read(Reply reply) {
            this.strange |= this.read != null;
            this.read = reply;
        }

        @Override
        public void set(double number) {
            this.strange = true;
        }

        @Override
        public void set(boolean value) {
            this.strange = true;
        }

        @Override
        public void multi(int count) {
            this.strange |= count != PONG_AND_TEXT || this.pongDue || this.read != null;
            this.pongDue = true;
        }

        /** Hands out what was read and makes room for the unit's next reply. */
        Reply take() {
            Reply reply = this.error != null
                    ? new Reply.Failed(new ReplyError(this.error))
                    : this.strange || this.read == null ? new Reply.Strange() : this.read;
            this.error = null;
            this.read = null;
            this.pongDue = false;
            this.strange = false;
            return reply;
        }
    }
}
