package io.github.shardedpubsub.pipe;

import io.lettuce.core.RedisException;
import io.lettuce.core.output.CommandOutput;
import io.lettuce.core.protocol.CommandWrapper;
import io.lettuce.core.protocol.RedisCommand;
import io.lettuce.core.protocol.TransactionalCommand;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * A pub/sub command of the application, sent as fenced units: one, or one for each slot that its shard channels hash to, because a
 * server refuses them together. It is completed once, when the outcome of all of them is known, and fails with what was said
 * first against any of them.
 *
 * <p>Confined to the event loop of its connection.
 */
final class FencedCommand<K, V, T> extends CommandWrapper<K, V, T> implements Fenced {

    private final List<FencedUnit> units;

    private int unanswered;

    private @Nullable String refusal;

    private @Nullable String doubt;

    private FencedCommand(RedisCommand<K, V, T> command, List<FencedUnit> units) {
        super(command);
        this.units = units;
        this.unanswered = units.size();
        for (FencedUnit unit : units) {
            unit.outcome().thenAccept(this::answered);
        }
    }

    /**
     * The command made of units, null if it is not one that needs a fence.
     *
     * @param slots the slot of a shard channel
     */
    static <K, V, T> @Nullable FencedCommand<K, V, T> of(RedisCommand<K, V, T> command, ToIntFunction<byte[]> slots) {
        PubSubVerb verb = PubSubVerb.named(command.getType().toString());
        // inside MULTI it is queued like any other, and EXEC has the only reply
        if (verb == null || CommandWrapper.unwrap(command, TransactionalCommand.class) != null) {
            return null;
        }
        List<ChannelName> channels = channels(command);
        if (channels.isEmpty() && verb.subscribes()) {
            return null;
        }
        return new FencedCommand<>(command, units(verb, channels, slots));
    }

    private static List<FencedUnit> units(PubSubVerb verb, List<ChannelName> channels, ToIntFunction<byte[]> slots) {
        if (!verb.isSharded() || channels.size() < 2) {
            return List.of(FencedUnit.of(verb, channels));
        }
        Map<Integer, List<ChannelName>> bySlot = new LinkedHashMap<>();
        for (ChannelName channel : channels) {
            bySlot.computeIfAbsent(slots.applyAsInt(channel.bytes()), slot -> new ArrayList<>(1))
                    .add(channel);
        }
        return bySlot.values().stream()
                .map(ofOneSlot -> FencedUnit.of(verb, ofOneSlot))
                .toList();
    }

    /** Lettuce shows the arguments of a command only as it writes them: each a length, a line's end, bytes, a line's end. */
    private static List<ChannelName> channels(RedisCommand<?, ?, ?> command) {
        ByteBuf written = Unpooled.buffer();
        try {
            command.encode(written);
            int elements = length(written);
            List<ChannelName> channels = new ArrayList<>(elements - 1);
            bulk(written);
            for (int i = 1; i < elements; i++) {
                channels.add(ChannelName.owning(bulk(written)));
            }
            return channels;
        } finally {
            written.release();
        }
    }

    private static byte[] bulk(ByteBuf buffer) {
        byte[] bytes = new byte[length(buffer)];
        buffer.readBytes(bytes).skipBytes(2);
        return bytes;
    }

    private static int length(ByteBuf buffer) {
        buffer.skipBytes(1);
        String digits = buffer.readCharSequence(buffer.bytesBefore((byte) '\r'), StandardCharsets.US_ASCII)
                .toString();
        buffer.skipBytes(2);
        return Integer.parseInt(digits);
    }

    List<FencedUnit> units() {
        return this.units;
    }

    private void answered(Outcome outcome) {
        this.unanswered--;
        if (outcome instanceof Outcome.Refused refused && this.refusal == null) {
            this.refusal = refused.error().message();
        } else if (outcome instanceof Outcome.Unknown unknown && this.doubt == null) {
            this.doubt = unknown.reason();
        }
    }

    @Override
    public CommandOutput<?, ?, ?> reply() {
        return this.units.get(0).reply();
    }

    @Override
    public Reply takeReply() {
        return this.units.get(0).takeReply();
    }

    @Override
    public boolean isAnswered() {
        return this.unanswered == 0;
    }

    @Override
    public void encode(ByteBuf buffer) {
        this.units.forEach(unit -> unit.encode(buffer));
    }

    @Override
    public void complete() {
        CommandOutput<K, V, T> output = getOutput();
        if (this.refusal != null && output != null) {
            output.setError(this.refusal);
        } else if (this.doubt != null) {
            completeExceptionally(new RedisException(this.doubt));
            return;
        }
        super.complete();
    }
}
