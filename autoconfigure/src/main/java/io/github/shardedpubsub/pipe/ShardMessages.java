package io.github.shardedpubsub.pipe;

import io.netty.buffer.ByteBuf;
import java.lang.invoke.MethodHandles;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Reads the messages of shard channels straight from a buffer: nearly everything that comes over a pipe is one. The payload is copied
 * once, and nothing else is made of a message. What is no such message, or is written in any other way than servers write them, is left
 * where it is, for Lettuce to read.
 *
 * <p>Confined to the event loop of one connection.
 */
class ShardMessages {

    /** What is at the buffer's reader index. */
    enum Next {
        /** A message, as far as it has come. */
        PART,
        /** Something else, or nothing. */
        OTHER
    }

    private static final byte[] HEAD = ">3\r\n$8\r\nsmessage\r\n$".getBytes(StandardCharsets.US_ASCII);

    private static final long HEAD_BEGIN = headFrom(0);

    private static final long HEAD_MIDDLE = headFrom(Long.BYTES);

    /** More make no length that an array can have. */
    private static final int MOST_DIGITS = 9;

    private static final int NOT_WHOLE = -1;

    private static final int NO_LENGTH = -2;

    private final ChannelNames names = new ChannelNames();

    /** Behind the length that was read last. */
    private int behindLength;

    /** Messages of this channel are likely to come; its name is heard as this one then. */
    void expect(ChannelName channel) {
        this.names.add(channel);
    }

    void forget(ChannelName channel) {
        this.names.remove(channel);
    }

    private static long headFrom(int index) {
        return (long) MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN)
                .get(HEAD, index);
    }

    /** Reads one message after the other, as long as there are whole ones, and says what comes then; the listener may throw. */
    Next read(ByteBuf buffer, PipeListener listener) {
        int end = buffer.writerIndex();
        while (true) {
            int begin = buffer.readerIndex();
            if (end - begin < HEAD.length) {
                return isPartOfHead(buffer, begin, end) ? Next.PART : Next.OTHER;
            }
            if (!isHead(buffer, begin)) {
                return Next.OTHER;
            }
            int channelLength = length(buffer, begin + HEAD.length, end);
            if (channelLength < 0) {
                return channelLength == NOT_WHOLE ? Next.PART : Next.OTHER;
            }
            int channel = this.behindLength;
            if ((long) channel + channelLength + 3 > end) {
                return Next.PART;
            }
            int line = channel + channelLength;
            if (!isLineEnd(buffer, line) || buffer.getByte(line + 2) != '$') {
                return Next.OTHER;
            }
            int payloadLength = length(buffer, line + 3, end);
            if (payloadLength < 0) {
                return payloadLength == NOT_WHOLE ? Next.PART : Next.OTHER;
            }
            int payload = this.behindLength;
            if ((long) payload + payloadLength + 2 > end) {
                return Next.PART;
            }
            if (!isLineEnd(buffer, payload + payloadLength)) {
                return Next.OTHER;
            }
            ChannelName name = this.names.find(buffer, channel, channelLength);
            if (name == null) {
                name = ChannelName.owning(bytes(buffer, channel, channelLength));
            }
            byte[] content = bytes(buffer, payload, payloadLength);
            buffer.readerIndex(payload + payloadLength + 2);
            listener.message(name, content);
        }
    }

    private static boolean isHead(ByteBuf buffer, int begin) {
        return buffer.getLongLE(begin) == HEAD_BEGIN
                && buffer.getLongLE(begin + Long.BYTES) == HEAD_MIDDLE
                && isLineEnd(buffer, begin + 2 * Long.BYTES)
                && buffer.getByte(begin + 2 * Long.BYTES + 2) == '$';
    }

    private static boolean isPartOfHead(ByteBuf buffer, int begin, int end) {
        for (int i = begin; i < end; i++) {
            if (buffer.getByte(i) != HEAD[i - begin]) {
                return false;
            }
        }
        return end > begin;
    }

    /** The length that begins there, without a sign, or {@link #NOT_WHOLE}, or {@link #NO_LENGTH}. */
    private int length(ByteBuf buffer, int begin, int end) {
        int length = 0;
        for (int i = begin; i < end; i++) {
            byte digit = buffer.getByte(i);
            if (digit == '\r' && i > begin) {
                if (i + 1 == end) {
                    return NOT_WHOLE;
                }
                this.behindLength = i + 2;
                return buffer.getByte(i + 1) == '\n' ? length : NO_LENGTH;
            }
            if (digit < '0' || digit > '9' || i - begin == MOST_DIGITS) {
                return NO_LENGTH;
            }
            length = 10 * length + digit - '0';
        }
        return NOT_WHOLE;
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
