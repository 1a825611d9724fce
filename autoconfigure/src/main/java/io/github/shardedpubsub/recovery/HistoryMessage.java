package io.github.shardedpubsub.recovery;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A message of a channel with a history, out of the bytes in which it waited for its listener.
 *
 * @param payload what was published
 * @param position its place in the history; null for a message that has none, since its publisher knows of no history
 * @param recovered whether it was read from the history
 */
public record HistoryMessage(byte[] payload, @Nullable StreamPosition position, boolean recovered) {

    private static final byte[] MAGIC = "\u00f5SPSR".getBytes(StandardCharsets.ISO_8859_1);

    private static final byte RECOVERED = 'r';

    private static final byte PLAIN = 'p';

    /**
     * Opens what a {@link RecoverySink} was given.
     */
    public static HistoryMessage open(byte[] delivered) {
        if (!begins(delivered)) {
            return openLive(delivered);
        }
        byte kind = delivered[MAGIC.length];
        if (kind == RECOVERED) {
            int end = MAGIC.length + 1;
            while (delivered[end] != '\n') {
                end++;
            }
            String position =
                    new String(delivered, MAGIC.length + 1, end - MAGIC.length - 1, StandardCharsets.US_ASCII);
            return new HistoryMessage(from(delivered, end + 1), StreamPosition.parse(position), true);
        }
        ShardEnvelope envelope = (kind == PLAIN) ? null : ShardEnvelope.parse(delivered);
        return envelope != null ? live(envelope) : new HistoryMessage(from(delivered, MAGIC.length + 1), null, false);
    }

    private static HistoryMessage live(ShardEnvelope envelope) {
        return new HistoryMessage(envelope.payload(), envelope.position(), false);
    }

    /**
     * Opens what a publisher has sent, for a listener without recovery.
     */
    public static HistoryMessage openLive(byte[] published) {
        ShardEnvelope envelope = ShardEnvelope.parse(published);
        return envelope != null ? live(envelope) : new HistoryMessage(published, null, false);
    }

    /** A message that was read. */
    static byte[] recovered(HistoryEntry entry) {
        byte[] position = (entry.position() + "\n").getBytes(StandardCharsets.US_ASCII);
        return join(RECOVERED, position, entry.payload());
    }

    /** A message without a history, which may look as if it had one. */
    static byte[] plain(byte[] payload) {
        return begins(payload) ? join(PLAIN, new byte[0], payload) : payload;
    }

    private static byte[] join(byte kind, byte[] line, byte[] payload) {
        return ByteBuffer.allocate(MAGIC.length + 1 + line.length + payload.length)
                .put(MAGIC)
                .put(kind)
                .put(line)
                .put(payload)
                .array();
    }

    private static boolean begins(byte[] message) {
        return message.length > MAGIC.length && Arrays.equals(message, 0, MAGIC.length, MAGIC, 0, MAGIC.length);
    }

    private static byte[] from(byte[] bytes, int begin) {
        return Arrays.copyOfRange(bytes, begin, bytes.length);
    }
}
