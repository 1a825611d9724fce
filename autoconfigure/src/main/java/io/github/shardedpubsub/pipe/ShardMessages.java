package io.github.shardedpubsub.pipe;

import io.netty.buffer.ByteBuf;
import java.lang.invoke.MethodHandles;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Reads the messages of shard channels straight from a buffer: nearly everything that comes over a pipe is one. The payload is copied
 * once, and nothing else is made of a message. What is no such message, or is not whole, or is written in any other way than servers
 * write them, is left where it is, for Lettuce to read.
 *
 * <p>Confined to the event loop of one connection.
 */
class ShardMessages {

    private static final byte[] HEAD = ">3\r\n$8\r\nsmessage\r\n$".getBytes(StandardCharsets.US_ASCII);

    private static final long HEAD_BEGIN = headFrom(0);

    private static final long HEAD_MIDDLE = headFrom(Long.BYTES);

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

    private static long headFrom(int index) {
        return (long) MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN)
                .get(HEAD, index);
    }

    /** Reads one message after the other, as long as there are whole ones. */
    void read(ByteBuf buffer) {
        while (readOne(buffer)) {}
    }

    private boolean readOne(ByteBuf buffer) {
        int end = buffer.writerIndex();
        int begin = buffer.readerIndex();
        if (end - begin < HEAD.length || !isHead(buffer, begin)) {
            return false;
        }
        int channelLength = length(buffer, begin + HEAD.length, end);
        int channel = this.behindLength;
        if (channelLength < 0 || channelLength + 3 > end - channel) {
            return false;
        }
        int line = channel + channelLength;
        if (!isLineEnd(buffer, line) || buffer.getByte(line + 2) != '$') {
            return false;
        }
        int payloadLength = length(buffer, line + 3, end);
        int payload = this.behindLength;
        if (payloadLength < 0 || payloadLength + 2 > end - payload || !isLineEnd(buffer, payload + payloadLength)) {
            return false;
        }
        buffer.readerIndex(payload + payloadLength + 2);
        PipeChannel known = this.channels.find(buffer, channel, channelLength);
        byte[] content = bytes(buffer, payload, payloadLength);
        if (known != null) {
            this.listener.message(known, content);
        } else {
            this.listener.message(ChannelName.owning(bytes(buffer, channel, channelLength)), content);
        }
        return true;
    }

    private static boolean isHead(ByteBuf buffer, int begin) {
        return buffer.getLongLE(begin) == HEAD_BEGIN
                && buffer.getLongLE(begin + Long.BYTES) == HEAD_MIDDLE
                && isLineEnd(buffer, begin + 2 * Long.BYTES)
                && buffer.getByte(begin + 2 * Long.BYTES + 2) == '$';
    }

    /** The length that begins there, without a sign, or {@link #NO_LENGTH}. */
    private int length(ByteBuf buffer, int begin, int end) {
        int length = 0;
        for (int i = begin; i < end; i++) {
            byte digit = buffer.getByte(i);
            if (digit == '\r' && i > begin) {
                this.behindLength = i + 2;
                return i + 1 < end && buffer.getByte(i + 1) == '\n' ? length : NO_LENGTH;
            }
            if (digit < '0' || digit > '9' || i - begin == MOST_DIGITS) {
                return NO_LENGTH;
            }
            length = 10 * length + digit - '0';
        }
        return NO_LENGTH;
    }

    private static boolean isLineEnd(ByteBuf buffer, int index) {
        return buffer.getByte(index) == '\r' && buffer.getByte(index + 1) == '\n';
    }

    private static byte[] bytes(ByteBuf buffer, int index, int length) {
        byte[] bytes = new byte[length];
        buffer.getBytes(index, bytes);
        return bytes;
    }
}
