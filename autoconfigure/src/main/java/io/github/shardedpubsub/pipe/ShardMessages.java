package io.github.shardedpubsub.pipe;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Reads the messages of shard channels: nearly everything that comes over a pipe is one. The payload is copied once, and nothing else is
 * made of a message. What is no such message, or is not whole, or is written in any other way than servers write them, is left where it
 * is, for Lettuce to read.
 *
 * <p>Confined to the event loop of one connection.
 */
class ShardMessages {

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private static final byte[] HEAD = ">3\r\n$8\r\nsmessage\r\n$".getBytes(StandardCharsets.US_ASCII);

    private static final long HEAD_BEGIN = (long) LONGS.get(HEAD, 0);

    private static final long HEAD_MIDDLE = (long) LONGS.get(HEAD, Long.BYTES);

    /** More make no length that an array can have. */
    private static final int MOST_DIGITS = 9;

    private static final int NO_LENGTH = -1;

    private final PipeListener listener;

    private final ChannelTable<?> channels;

    /** Behind the length that was read last. */
    private int behindLength;

    /** Whatever it reads it tells this listener. */
    ShardMessages(PipeListener listener) {
        this.listener = listener;
        this.channels = listener.channels();
    }

    /** Reads one message after the other, as long as there are whole ones, and returns whether there were any. */
    boolean read(Incoming incoming) {
        boolean any = false;
        while (readOne(incoming)) {
            any = true;
        }
        return any;
    }

    private boolean readOne(Incoming incoming) {
        byte[] bytes = incoming.bytes();
        int begin = incoming.begin();
        int end = incoming.end();
        if (end - begin < HEAD.length || !isHead(bytes, begin)) {
            return false;
        }
        int nameLength = length(bytes, begin + HEAD.length, end);
        int name = this.behindLength;
        if (nameLength < 0 || nameLength + 3 > end - name) {
            return false;
        }
        int line = name + nameLength;
        if (!isLineEnd(bytes, line) || bytes[line + 2] != '$') {
            return false;
        }
        int payloadLength = length(bytes, line + 3, end);
        int payload = this.behindLength;
        if (payloadLength < 0 || payloadLength + 2 > end - payload || !isLineEnd(bytes, payload + payloadLength)) {
            return false;
        }
        incoming.begin(payload + payloadLength + 2);
        PipeChannel channel = this.channels.find(bytes, name, nameLength);
        byte[] content = incoming.copy(payload, payloadLength);
        if (channel != null) {
            this.listener.message(channel, content);
        } else {
            this.listener.message(ChannelName.owning(incoming.copy(name, nameLength)), content);
        }
        return true;
    }

    private static boolean isHead(byte[] bytes, int begin) {
        return (long) LONGS.get(bytes, begin) == HEAD_BEGIN
                && (long) LONGS.get(bytes, begin + Long.BYTES) == HEAD_MIDDLE
                && isLineEnd(bytes, begin + 2 * Long.BYTES)
                && bytes[begin + 2 * Long.BYTES + 2] == '$';
    }

    /** The length that begins there, without a sign, or {@link #NO_LENGTH}. */
    private int length(byte[] bytes, int begin, int end) {
        int length = 0;
        for (int i = begin; i < end; i++) {
            byte digit = bytes[i];
            if (digit == '\r' && i > begin) {
                this.behindLength = i + 2;
                return i + 1 < end && bytes[i + 1] == '\n' ? length : NO_LENGTH;
            }
            if (digit < '0' || digit > '9' || i - begin == MOST_DIGITS) {
                return NO_LENGTH;
            }
            length = 10 * length + digit - '0';
        }
        return NO_LENGTH;
    }

    private static boolean isLineEnd(byte[] bytes, int index) {
        return bytes[index] == '\r' && bytes[index + 1] == '\n';
    }
}
