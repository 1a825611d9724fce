package io.github.shardedpubsub.pipe;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads what is pushed for shard channels: nearly everything that comes over a pipe is a message, and most of the rest says that a channel
 * is subscribed or is no more. The payload is copied once, and nothing else is made of a push. What is no such push, or is not whole, or is
 * written in any other way than servers write them, is left where it is, for Lettuce to read.
 *
 * <p>Confined to the event loop of one connection.
 */
class ShardPushes {

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private static final Head MESSAGE = new Head("$8\r\nsmessage");

    private static final Head SUBSCRIBED = new Head("$10\r\nssubscribe");

    private static final Head UNSUBSCRIBED = new Head("$12\r\nsunsubscribe");

    /** More make no length that an array can have. */
    private static final int MOST_DIGITS = 9;

    private static final int NO_LENGTH = -1;

    private final PipeListener listener;

    private final ChannelTable<?> channels;

    /** Behind the length that was read last. */
    private int behindLength;

    /** Where the name in the push that was looked at last begins. */
    private int name;

    private int nameLength;

    /** Who is told of channels, and says whether to read on. */
    interface Confirmations {

        boolean subscribed(ChannelName channel);

        boolean unsubscribed(ChannelName channel);
    }

    /** Up to the length of the channel's name. */
    private static final class Head {

        private final byte[] bytes;

        private final long begin;

        private final long middle;

        Head(String type) {
            this.bytes = (">3\r\n" + type + "\r\n$").getBytes(StandardCharsets.US_ASCII);
            this.begin = (long) LONGS.get(this.bytes, 0);
            this.middle = (long) LONGS.get(this.bytes, Long.BYTES);
        }

        boolean isAt(byte[] bytes, int begin, int end) {
            int length = this.bytes.length;
            return end - begin >= length
                    && (long) LONGS.get(bytes, begin) == this.begin
                    && (long) LONGS.get(bytes, begin + Long.BYTES) == this.middle
                    && Arrays.equals(this.bytes, 2 * Long.BYTES, length, bytes, begin + 2 * Long.BYTES, begin + length);
        }
    }

    /** It tells this listener of messages. */
    ShardPushes(PipeListener listener) {
        this.listener = listener;
        this.channels = listener.channels();
    }

    /** Reads one push after the other, as long as there are whole ones, and returns whether there were any. */
    boolean read(Incoming incoming, Confirmations confirmations) {
        int begin = incoming.begin();
        boolean more = true;
        while (more) {
            while (readMessage(incoming)) {}
            if (readConfirmation(incoming, SUBSCRIBED)) {
                more = confirmations.subscribed(name(incoming));
            } else if (readConfirmation(incoming, UNSUBSCRIBED)) {
                more = confirmations.unsubscribed(name(incoming));
            } else {
                more = false;
            }
        }
        return incoming.begin() > begin;
    }

    private boolean readMessage(Incoming incoming) {
        byte[] bytes = incoming.bytes();
        int end = incoming.end();
        int line = behindName(incoming, MESSAGE);
        if (line < 0 || bytes[line] != '$') {
            return false;
        }
        int payloadLength = length(bytes, line + 1, end);
        int payload = this.behindLength;
        if (payloadLength < 0 || payloadLength + 2 > end - payload || !isLineEnd(bytes, payload + payloadLength)) {
            return false;
        }
        incoming.begin(payload + payloadLength + 2);
        PipeChannel channel = this.channels.find(bytes, this.name, this.nameLength);
        byte[] content = incoming.copy(payload, payloadLength);
        if (channel != null) {
            this.listener.message(channel, content);
        } else {
            this.listener.message(ChannelName.owning(incoming.copy(this.name, this.nameLength)), content);
        }
        return true;
    }

    /** Goes behind a push whose third element is a number. */
    private boolean readConfirmation(Incoming incoming, Head head) {
        byte[] bytes = incoming.bytes();
        int line = behindName(incoming, head);
        if (line < 0 || bytes[line] != ':' || length(bytes, line + 1, incoming.end()) < 0) {
            return false;
        }
        incoming.begin(this.behindLength);
        return true;
    }

    /** Remembers where the name is, and returns where the third element begins, whose first byte is there; or -1. */
    private int behindName(Incoming incoming, Head head) {
        byte[] bytes = incoming.bytes();
        int begin = incoming.begin();
        int end = incoming.end();
        if (!head.isAt(bytes, begin, end)) {
            return -1;
        }
        this.nameLength = length(bytes, begin + head.bytes.length, end);
        this.name = this.behindLength;
        if (this.nameLength < 0 || this.nameLength + 3 > end - this.name) {
            return -1;
        }
        int behind = this.name + this.nameLength;
        return isLineEnd(bytes, behind) ? behind + 2 : -1;
    }

    /** Of the channel whose confirmation was read last. */
    private ChannelName name(Incoming incoming) {
        PipeChannel channel = this.channels.find(incoming.bytes(), this.name, this.nameLength);
        return channel != null ? channel.name() : ChannelName.owning(incoming.copy(this.name, this.nameLength));
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
