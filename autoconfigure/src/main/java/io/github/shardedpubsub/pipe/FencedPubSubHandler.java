package io.github.shardedpubsub.pipe;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.api.push.PushListener;
import io.lettuce.core.api.push.PushMessage;
import io.lettuce.core.codec.RedisCodec;
import io.lettuce.core.output.CommandOutput;
import io.lettuce.core.protocol.Command;
import io.lettuce.core.protocol.CommandType;
import io.lettuce.core.protocol.RedisCommand;
import io.lettuce.core.pubsub.PubSubCommandHandler;
import io.lettuce.core.pubsub.PubSubEndpoint;
import io.lettuce.core.pubsub.PubSubOutput;
import io.lettuce.core.resource.ClientResources;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.util.concurrent.PromiseCombiner;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The place of Lettuce's own handler in a pub/sub connection of the application: what the application asks for is sent as
 * {@linkplain FencedCommand fenced units}, {@link ReplyAlignment} says which reply is whose, and a push completes nothing. What
 * listeners hear, and what Lettuce sends again on the next connection, stays as it is.
 *
 * <p>By RESP3 a push is marked as one. By RESP2 it is an array as replies are, but while anything is subscribed a server answers
 * no command with an array but PING, and that one has two elements, where every push has three or four. Whether anything is
 * subscribed is told by the count that each (un)subscribe push carries.
 *
 * <p>One instance a connection; nothing of it outlives the connection. All methods run on the channel's event loop.
 */
final class FencedPubSubHandler<K, V> extends PubSubCommandHandler<K, V> {

    private static final Logger logger = LoggerFactory.getLogger(FencedPubSubHandler.class);

    private final RedisCodec<K, V> codec;

    private final ToIntFunction<byte[]> slots;

    private final PubSubFence fence;

    private final ReplyAlignment alignment = new ReplyAlignment(new ReplyAlignment.Sink() {

        @Override
        public void finished(FencedUnit unit, Outcome outcome) {
            unit.finish(outcome);
        }

        @Override
        public void endedByServer(ChannelName channel) {
            // listeners hear every push, whatever it turns out to be
        }
    });

    private long lastNumber;

    private final SettlingFences settlingFences = new SettlingFences();

    private @Nullable ChannelHandlerContext context;

    private boolean active;

    private @Nullable String closeReason;

    /** Whether a reply has been read in part. */
    private boolean replyBegun;

    /** Whether what is being read is a push that came as an array. */
    private boolean arrayPush;

    /** What is subscribed by RESP2, as the server counts it: channels and patterns. */
    private long arraySubscriptions;

    /** The same of shard channels. */
    private long arrayShardSubscriptions;

    FencedPubSubHandler(
            ClientOptions options,
            ClientResources resources,
            RedisCodec<K, V> codec,
            PubSubEndpoint<K, V> endpoint,
            ToIntFunction<byte[]> slots,
            PubSubFence fence) {
        super(options, resources, codec, endpoint);
        this.codec = codec;
        this.slots = slots;
        this.fence = fence;
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) throws Exception {
        this.context = ctx;
        super.handlerAdded(ctx);
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) throws Exception {
        this.active = true;
        this.fence.opened();
        super.channelActive(ctx);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) throws Exception {
        if (this.active) {
            this.active = false;
            this.fence.closed();
        }
        super.channelInactive(ctx);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) throws Exception {
        super.exceptionCaught(ctx, cause);
        if (this.active) {
            // Lettuce has failed the command at the head of the queue; whose reply comes next would be a guess
            close(cause.toString());
        }
    }

    /** What Lettuce sends again is what the application asked for, to be fenced anew. */
    @Override
    public Collection<RedisCommand<?, ?, ?>> drainQueue() {
        List<RedisCommand<?, ?, ?>> asked = new ArrayList<>();
        for (RedisCommand<?, ?, ?> queued : super.drainQueue()) {
            Fenced fenced = Fenced.in(queued);
            if (fenced instanceof FencedCommand<?, ?, ?> command) {
                asked.add(command.getDelegate());
            } else if (fenced == null) {
                asked.add(queued);
            }
        }
        return asked;
    }

    // ----- writing

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) throws Exception {
        if (message instanceof RedisCommand<?, ?, ?> command) {
            writeOne(ctx, command, promise);
        } else if (message instanceof Collection<?> batch) {
            writeAll(ctx, batch, promise);
        } else {
            super.write(ctx, message, promise);
        }
    }

    private void writeAll(ChannelHandlerContext ctx, Collection<?> batch, ChannelPromise promise) {
        PromiseCombiner all = new PromiseCombiner(ctx.executor());
        for (Object command : new LinkedHashSet<>(batch)) {
            ChannelPromise each = ctx.newPromise();
            all.add((io.netty.util.concurrent.Future<?>) each);
            try {
                writeOne(ctx, (RedisCommand<?, ?, ?>) command, each);
            } catch (Exception ex) {
                each.tryFailure(ex);
            }
        }
        all.finish(promise.unvoid());
    }

    private void writeOne(ChannelHandlerContext ctx, RedisCommand<?, ?, ?> command, ChannelPromise promise)
            throws Exception {
        if (command.isDone()) {
            super.write(ctx, command, promise);
        } else if (command instanceof FencedUnit unit) {
            writeUnits(ctx, unit, List.of(unit), promise);
        } else {
            FencedCommand<?, ?, ?> fenced = fenced(command);
            if (fenced != null) {
                writeUnits(ctx, fenced, fenced.units(), promise);
            } else {
                super.write(ctx, command, promise);
                sentForeign();
            }
        }
    }

    private @Nullable FencedCommand<?, ?, ?> fenced(RedisCommand<?, ?, ?> command) {
        try {
            return FencedCommand.of(command, this.slots);
        } catch (RuntimeException ex) {
            // the application's codec has failed, which Lettuce has its own way to tell
            return null;
        }
    }

    private void writeUnits(
            ChannelHandlerContext ctx, RedisCommand<?, ?, ?> command, List<FencedUnit> units, ChannelPromise promise)
            throws Exception {
        long now = System.nanoTime();
        units.forEach(unit -> unit.sending(++this.lastNumber, now));
        super.write(ctx, command, promise);
        // not before: where Lettuce has no room for the command it throws, and nothing is sent
        units.forEach(this.alignment::sent);
    }

    private void sentForeign() {
        try {
            this.alignment.sentForeign();
        } catch (OutOfStepException ex) {
            outOfStep(ex);
        }
    }

    // ----- reading

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf buffer) throws InterruptedException {
        if (isReadable(buffer)) {
            super.decode(ctx, buffer);
        }
        if (this.closeReason == null) {
            this.settlingFences.settle(this.alignment, this::sendFence, this::close);
        }
    }

    private void sendFence() {
        context().channel().writeAndFlush(FencedUnit.fence());
    }

    @Override
    protected boolean canDecode(ByteBuf buffer) {
        return isReadable(buffer) && super.canDecode(buffer);
    }

    /** Whether it can be said what the next bytes are; takes them away where that is nothing to go on from. */
    private boolean isReadable(ByteBuf buffer) {
        if (this.closeReason != null) {
            buffer.clear();
        }
        if (!buffer.isReadable() || isLengthDue(buffer)) {
            return false;
        }
        if (this.active && getStack().isEmpty() && !isPushDecode(buffer)) {
            outOfStep(new OutOfStepException("a reply where nothing was asked"));
            buffer.clear();
            return false;
        }
        return true;
    }

    /** Whether the length of an array must be known to tell what it is, and is not there yet. */
    private boolean isLengthDue(ByteBuf buffer) {
        return buffer.readableBytes() == 1 && isArrayBegun(buffer) && canBeEither();
    }

    private boolean isArrayBegun(ByteBuf buffer) {
        return !this.replyBegun && !super.isPushDecode(buffer) && buffer.getByte(buffer.readerIndex()) == '*';
    }

    /** Whether an array can be a push as well as the reply that is due. */
    private boolean canBeEither() {
        RedisCommand<?, ?, ?> due = getStack().peek();
        return due != null && (Fenced.in(due) != null || this.arraySubscriptions + this.arrayShardSubscriptions > 0);
    }

    @Override
    protected boolean isPushDecode(ByteBuf buffer) {
        if (super.isPushDecode(buffer)) {
            return true;
        }
        if (!isArrayBegun(buffer)) {
            return false;
        }
        this.arrayPush =
                getStack().isEmpty() || canBeEither() && buffer.getByte(buffer.readerIndex() + 1) != (byte) '2';
        return this.arrayPush;
    }

    /** Called each time that something of the command's reply is about to be read. */
    @Override
    protected CommandOutput<?, ?, ?> getCommandOutput(RedisCommand<?, ?, ?> command) {
        this.replyBegun = true;
        Fenced fenced = Fenced.in(command);
        return fenced != null ? fenced.reply() : command.getOutput();
    }

    /** Called when a reply that is no push has been read whole, and before Lettuce takes its command off the queue. */
    @Override
    protected boolean canComplete(RedisCommand<?, ?, ?> command) {
        this.replyBegun = false;
        Fenced fenced = Fenced.in(command);
        try {
            if (fenced == null) {
                this.alignment.foreignReplied();
                return true;
            }
            Reply reply = fenced.takeReply();
            this.alignment.replied(reply);
            if (reply instanceof Reply.Echo) {
                this.settlingFences.echoed();
            }
        } catch (OutOfStepException ex) {
            outOfStep(ex);
        }
        return false;
    }

    @Override
    protected void afterDecode(ChannelHandlerContext ctx, RedisCommand<?, ?, ?> command) {
        super.afterDecode(ctx, command);
        completeAnswered();
    }

    /** One reply can settle what was in doubt, and with it the outcome of several commands. */
    private void completeAnswered() {
        Queue<RedisCommand<?, ?, ?>> stack = getStack();
        for (RedisCommand<?, ?, ?> head = stack.peek(); isAnswered(head); head = stack.peek()) {
            stack.poll();
            try {
                complete(head);
            } catch (RuntimeException ex) {
                logger.warn("Completing {} has failed", head, ex);
            }
        }
    }

    private static boolean isAnswered(@Nullable RedisCommand<?, ?, ?> head) {
        Fenced fenced = Fenced.in(head);
        return fenced != null && fenced.isAnswered();
    }

    // ----- pushes

    @Override
    protected void notifyPushListeners(PushMessage push) {
        boolean array = this.arrayPush;
        this.arrayPush = false;
        String type = push.getType();
        if (type != null && PubSubOutput.Type.isPubSubType(type)) {
            List<Object> content = push.getContent();
            try {
                align(type, content, array);
            } catch (OutOfStepException ex) {
                outOfStep(ex);
                return;
            }
            tellSubscribers(content);
            if (!array) {
                tellPushListeners(push);
            }
            completeAnswered();
        } else if (array) {
            outOfStep(new OutOfStepException("an array that is neither a push nor the reply that was due"));
        } else {
            super.notifyPushListeners(push);
        }
    }

    private void align(String type, List<Object> content, boolean array) throws OutOfStepException {
        PubSubVerb verb = PubSubVerb.named(type);
        if (verb == null) {
            return;
        }
        if (array) {
            count(verb, content);
        }
        ChannelName channel = ChannelName.owning(bytes(content.get(1)));
        if (verb.subscribes()) {
            this.alignment.subscribed(verb, channel);
        } else {
            this.alignment.unsubscribed(verb, channel);
        }
    }

    private void count(PubSubVerb verb, List<Object> content) {
        long count = content.get(2) instanceof Long number ? number : 0;
        if (verb.isSharded()) {
            this.arrayShardSubscriptions = count;
        } else {
            this.arraySubscriptions = count;
        }
    }

    /** An unsubscribe from everything, where there is nothing, is answered with no channel. */
    private static byte[] bytes(@Nullable Object element) {
        if (!(element instanceof ByteBuffer buffer)) {
            return new byte[0];
        }
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }

    /** Lettuce tells its listeners what stands in the output of a command whose reply was read; no command need be there. */
    private void tellSubscribers(List<Object> content) {
        PubSubOutput<K, V> message = new PubSubOutput<>(this.codec);
        try {
            fill(message, content);
        } catch (RuntimeException ex) {
            logger.warn("A message that its codec cannot read is dropped", ex);
            return;
        }
        super.afterDecode(context(), new Command<>(CommandType.SUBSCRIBE, message));
    }

    private static void fill(PubSubOutput<?, ?> message, List<?> content) {
        for (Object element : content) {
            if (element instanceof Long number) {
                message.set(number);
            } else if (element instanceof List<?> nested) {
                fill(message, nested);
            } else {
                message.set((ByteBuffer) element);
            }
        }
    }

    private void tellPushListeners(PushMessage push) {
        try {
            for (PushListener listener : getEndpoint().getPushListeners()) {
                listener.onPushMessage(push);
            }
        } catch (RuntimeException ex) {
            logger.warn("A push listener has failed", ex);
        }
    }

    // ----- the end

    private void outOfStep(OutOfStepException seen) {
        if (this.closeReason == null) {
            this.fence.outOfStep("received " + seen.getMessage());
            close("out of step");
        }
    }

    private void close(String reason) {
        if (this.closeReason == null) {
            this.closeReason = reason;
            context().close();
        }
    }

    private ChannelHandlerContext context() {
        return Objects.requireNonNull(this.context, "No connection has been opened");
    }
}
