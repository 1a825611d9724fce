package io.github.shardedpubsub.pipe;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.api.push.PushMessage;
import io.lettuce.core.protocol.CommandHandler;
import io.lettuce.core.protocol.CommandWrapper;
import io.lettuce.core.protocol.Endpoint;
import io.lettuce.core.protocol.RedisCommand;
import io.lettuce.core.resource.ClientResources;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.util.concurrent.EventExecutor;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The pipe's place in the channel's pipeline: Lettuce's own command handler, but that a {@link FencedUnit} takes as many replies
 * as {@link ReplyAlignment} says, and that pushes are heard in their place among the replies.
 *
 * <p>One instance a connection; nothing of it outlives the connection. All methods run on the channel's event loop.
 */
final class PipeCommandHandler extends CommandHandler implements ShardPushes.Confirmations {

    private static final int UNITS_AT_ONCE = 128;

    private final LettucePipe pipe;

    private final ReplyAlignment alignment;

    private final PipeSettings settings;

    private final FenceDeadline deadline;

    /** Handed over by any thread. A queue of this connection alone: none of its units is ever sent on the next. */
    private final Queue<FencedUnit> unsent = new ConcurrentLinkedQueue<>();

    private final AtomicBoolean sending = new AtomicBoolean();

    private long lastNumber;

    private final SettlingFences settlingFences = new SettlingFences();

    private final ShardPushes pushes;

    private final Incoming incoming = new Incoming();

    private @Nullable ChannelHandlerContext context;

    private boolean active;

    /** It was active, and is no more. */
    private boolean ended;

    private boolean reading = true;

    private @Nullable String closeReason;

    PipeCommandHandler(
            ClientOptions options,
            ClientResources resources,
            Endpoint endpoint,
            LettucePipe pipe,
            PipeSettings settings,
            ShardPushes pushes) {
        super(options, resources, endpoint);
        this.pipe = pipe;
        this.pushes = pushes;
        this.settings = settings;
        this.deadline = new FenceDeadline(settings);
        this.alignment = new ReplyAlignment(new ReplyAlignment.Sink() {

            @Override
            public void finished(FencedUnit unit, Outcome outcome) {
                finish(unit, outcome);
            }

            @Override
            public void endedByServer(ChannelName channel) {
                pipe.listener().endedByServer(channel);
            }
        });
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) throws Exception {
        this.context = ctx;
        super.handlerAdded(ctx);
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) throws Exception {
        this.active = true;
        super.channelActive(ctx);
        this.deadline.start(ctx.channel(), new FenceDeadline.Link() {

            @Override
            public @Nullable FencedUnit oldestUnit() {
                return PipeCommandHandler.this.oldestUnit();
            }

            @Override
            public void askWhetherAlive() {
                sendFence();
            }

            @Override
            public void expired(FencedUnit unit) {
                close("nothing received for " + settings.fenceTimeout().toMillis() + " ms with a reply to " + unit
                        + " due: the node does not answer");
            }

            @Override
            public void stuck(FencedUnit unit, Duration since) {
                outOfStep(new OutOfStepException("for " + since.toSeconds()
                        + " s nothing but a part of one frame, with a reply to " + unit + " due"));
            }
        });
        this.pipe.activated(this);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) throws Exception {
        this.deadline.stop();
        if (this.active) {
            this.active = false;
            this.ended = true;
            String reason = this.closeReason != null
                    ? this.closeReason
                    : "the connection was closed by the server or the network";
            try {
                this.pipe.deactivated(this, reason);
            } finally {
                abandonUnits(reason);
                super.channelInactive(ctx);
            }
        } else {
            super.channelInactive(ctx);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) throws Exception {
        if (this.active) {
            // Lettuce would fail the command at the head of the queue and go on; whose reply comes next would be a
            // guess
            close(cause.toString());
        } else if (!this.ended) {
            // what Lettuce cannot decode it has closed the connection for by now
            super.exceptionCaught(ctx, cause);
        }
    }

    /** What was in flight is taken out here, or Lettuce would send it again on the next connection. */
    private void abandonUnits(String reason) {
        List<FencedUnit> units = getStack().stream()
                .map(PipeCommandHandler::unit)
                .filter(unit -> unit != null && !unit.isDone())
                .toList();
        getStack().removeIf(command -> unit(command) != null);
        units.forEach(unit -> finish(unit, new Outcome.Unknown(reason)));
    }

    private void finish(FencedUnit unit, Outcome outcome) {
        unit.finish(outcome);
        if (!unit.kind().isPubSub()) {
            // what only looks after the connection is not counted among what channels are asked for with
            return;
        }
        this.pipe.listener().unitFinished(outcome, Duration.ofNanos(System.nanoTime() - unit.sentAtNanos()));
    }

    /** Sends the unit behind those handed over before. Called by any thread once the connection is active. */
    void send(FencedUnit unit) {
        this.unsent.add(unit);
        if (this.sending.compareAndSet(false, true)) {
            eventLoop().execute(this::sendUnsent);
        }
    }

    /** Many units, one flush; but the server begins with the first of very many before the last are written. */
    private void sendUnsent() {
        this.sending.set(false);
        int written = 0;
        for (FencedUnit unit = this.unsent.poll(); unit != null; unit = this.unsent.poll()) {
            if (this.active) {
                write(unit);
                if (++written % UNITS_AT_ONCE == 0) {
                    channel().flush();
                }
            } else {
                unit.finish(new Outcome.Unknown("not connected"));
            }
        }
        channel().flush();
    }

    private void write(FencedUnit unit) {
        channel().write(unit, channel().voidPromise());
    }

    private void sendFence() {
        write(FencedUnit.fence());
        channel().flush();
    }

    /** Closes the connection; Lettuce opens another. Called by any thread once the connection is active. */
    void reconnect(String reason) {
        eventLoop().execute(() -> close(reason));
    }

    /**
     * Reads what comes, or leaves it to the server to keep. Called by any thread once the connection is active; at once on the event
     * loop. Netty has two things to change for it, and they come apart if two threads do that.
     */
    void read(boolean reading) {
        if (eventLoop().inEventLoop()) {
            this.reading = reading;
            channel().config().setAutoRead(reading);
        } else {
            eventLoop().execute(() -> read(reading));
        }
    }

    private Channel channel() {
        return context().channel();
    }

    private EventExecutor eventLoop() {
        return context().executor();
    }

    private ChannelHandlerContext context() {
        return Objects.requireNonNull(this.context, "No connection has been opened");
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) throws Exception {
        if (message instanceof FencedUnit unit) {
            unit.sending(++this.lastNumber, System.nanoTime());
            this.alignment.sent(unit);
        } else {
            registerForeign(message);
        }
        super.write(ctx, message, promise);
    }

    /** Lettuce's own commands: the handshake, and AUTH when credentials are renewed. Those that are done are not written. */
    private void registerForeign(Object message) {
        Collection<?> commands = message instanceof Collection<?> batch ? batch : List.of(message);
        try {
            for (Object command : commands) {
                if (command instanceof RedisCommand<?, ?, ?> redisCommand && !redisCommand.isDone()) {
                    this.alignment.sentForeign();
                }
            }
        } catch (OutOfStepException ex) {
            outOfStep(ex);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
        ByteBuf read = (ByteBuf) message;
        try {
            if (this.closeReason != null) {
                return;
            }
            this.incoming.add(read);
        } finally {
            read.release();
        }
        EndOfRead.begin();
        try {
            this.deadline.received(readFrames(ctx));
        } finally {
            EndOfRead.end();
        }
        this.incoming.compact();
        if (!this.reading) {
            // Lettuce reads on with every message that it has decoded
            ctx.channel().config().setAutoRead(false);
        }
        if (this.closeReason == null) {
            this.settlingFences.settle(this.alignment, this::sendFence, this::close);
        }
    }

    /**
     * Reads what is whole, and returns whether anything was. Lettuce is given what is no shard message, one whole frame after the other,
     * so that it never has to keep a part of one.
     */
    private boolean readFrames(ChannelHandlerContext ctx) throws Exception {
        boolean any = false;
        while (this.closeReason == null) {
            any |= this.active && this.pushes.read(this.incoming, this);
            int length = this.closeReason == null ? nextFrame() : 0;
            if (length == 0) {
                return any;
            }
            any = true;
            ByteBuf frame = Unpooled.wrappedBuffer(this.incoming.bytes(), this.incoming.begin(), length);
            this.incoming.begin(this.incoming.begin() + length);
            super.channelRead(ctx, frame);
        }
        return any;
    }

    private int nextFrame() {
        try {
            return WholeFrames.next(this.incoming);
        } catch (OutOfStepException ex) {
            outOfStep(ex);
            return 0;
        }
    }

    @Override
    protected boolean canDecode(ByteBuf buffer) {
        return this.closeReason == null && super.canDecode(buffer);
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf buffer) throws InterruptedException {
        super.decode(ctx, buffer);
        if (this.closeReason != null) {
            buffer.clear();
        } else if (this.active && buffer.isReadable()) {
            outOfStep(new OutOfStepException("a reply where nothing was asked"));
        }
    }

    /** Called when a reply that is no push has been read whole, and before Lettuce takes its command off the queue. */
    @Override
    protected boolean canComplete(RedisCommand<?, ?, ?> command) {
        try {
            FencedUnit unit = unit(command);
            if (unit == null) {
                this.alignment.foreignReplied();
                return true;
            }
            Reply reply = unit.takeReply();
            this.alignment.replied(reply);
            if (reply instanceof Reply.Echo) {
                this.settlingFences.echoed();
            }
            return unit.isDone();
        } catch (OutOfStepException ex) {
            outOfStep(ex);
            return false;
        }
    }

    /** One echo can finish several units, where it settled what was in doubt. */
    @Override
    protected void afterDecode(ChannelHandlerContext ctx, RedisCommand<?, ?, ?> command) {
        Queue<RedisCommand<?, ?, ?>> stack = getStack();
        for (FencedUnit next = unit(stack.peek()); next != null && next.isDone(); next = unit(stack.peek())) {
            stack.poll();
        }
        super.afterDecode(ctx, command);
    }

    @Override
    protected void notifyPushListeners(PushMessage push) {
        String type = push.getType();
        if (type == null) {
            return;
        }
        switch (type) {
            case "smessage", "message" -> {
                List<Object> content = push.getContent();
                this.pipe.listener().message(channel(content), bytes(content.get(2)));
            }
            case "ssubscribe" -> subscribed(channel(push.getContent()));
            case "subscribe" -> subscribed(PubSubVerb.SUBSCRIBE, channel(push.getContent()));
            case "sunsubscribe" -> unsubscribed(channel(push.getContent()));
            default -> super.notifyPushListeners(push);
        }
    }

    @Override
    public boolean subscribed(ChannelName channel) {
        return subscribed(PubSubVerb.SSUBSCRIBE, channel);
    }

    private boolean subscribed(PubSubVerb verb, ChannelName channel) {
        try {
            this.alignment.subscribed(verb, channel);
        } catch (OutOfStepException ex) {
            outOfStep(ex);
        }
        return this.closeReason == null;
    }

    @Override
    public boolean unsubscribed(ChannelName channel) {
        this.alignment.unsubscribed(PubSubVerb.SUNSUBSCRIBE, channel);
        return this.closeReason == null;
    }

    private static ChannelName channel(List<Object> content) {
        return ChannelName.owning(bytes(content.get(1)));
    }

    private static byte[] bytes(Object element) {
        ByteBuffer buffer = (ByteBuffer) element;
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    private @Nullable FencedUnit oldestUnit() {
        for (RedisCommand<?, ?, ?> command : getStack()) {
            FencedUnit unit = unit(command);
            if (unit != null) {
                return unit;
            }
        }
        return null;
    }

    private static @Nullable FencedUnit unit(@Nullable RedisCommand<?, ?, ?> command) {
        return command == null ? null : CommandWrapper.unwrap(command, FencedUnit.class);
    }

    private void outOfStep(OutOfStepException seen) {
        String what = "out of step: received " + seen.getMessage();
        this.pipe.listener().outOfStep(what);
        close(what);
    }

    /** Called on the event loop. */
    void close(String reason) {
        if (this.closeReason == null) {
            this.closeReason = reason;
            context().close();
        }
    }
}
