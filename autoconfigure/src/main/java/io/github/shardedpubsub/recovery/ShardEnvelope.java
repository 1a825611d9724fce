package io.github.shardedpubsub.recovery;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What is published on a channel with a history: the payload behind a line that says where it stands there.
 *
 * <pre>
 * bytes 0 to 5   F5 53 50 53 52 31, which is F5 and "SPSR1"; in the form of a text without the F5
 * then           ' ', the epoch, ' ', the id, ' ', the epoch of the message before it or '=' for the same, ' ', that one's id;
 *                and, if the publisher has found that acknowledged messages are lost: ' ', their epoch, ' ', the id after which they
 *                were, ' ', the last one's
 * then           '\n'
 * then           the payload
 * </pre>
 *
 * <p>An epoch is 16 digits of {@code 0-9a-f}, or {@code -} with the id {@code 0-0} where there was no message before; an id is that of an
 * entry of a Redis stream. What is not exactly so is no envelope but the payload of a publisher that knows of no history. No text begins
 * so, since UTF-8 has no byte F5.
 *
 * @param position its place in the history
 * @param link the one before it
 * @param message as it came
 * @param begin where the payload begins there
 */
record ShardEnvelope(StreamPosition position, Link link, byte[] message, int begin) {

    /** F5 and its ASCII letters are the same in ISO 8859-1, which every byte is. */
    private static final byte[] MAGIC = "\u00f5SPSR1 ".getBytes(StandardCharsets.ISO_8859_1);

    private static final byte[] TEXT_MAGIC = "SPSR1 ".getBytes(StandardCharsets.ISO_8859_1);

    /** No line is as long. */
    private static final int LONGEST_LINE = 256;

    private static final int LINK = 2;

    byte[] payload() {
        return Arrays.copyOfRange(this.message, this.begin, this.message.length);
    }

    /** Null if it is none. */
    static @Nullable ShardEnvelope parse(byte[] message) {
        int epoch = begins(message, MAGIC) ? MAGIC.length : begins(message, TEXT_MAGIC) ? TEXT_MAGIC.length : 0;
        if (epoch == 0) {
            return null;
        }
        ShardEnvelope within = parseWithinEpoch(message, epoch);
        return within != null ? within : parseAny(message, epoch);
    }

    /** As almost all are: behind one of the same epoch. Without a text for each word. Null if it is not so. */
    private static @Nullable ShardEnvelope parseWithinEpoch(byte[] message, int from) {
        int id = from + StreamPosition.EPOCH_LENGTH + 1;
        int sequence = endOfNumber(message, id) + 1;
        int same = endOfNumber(message, sequence) + 1;
        int previous = same + 2;
        int previousSequence = endOfNumber(message, previous) + 1;
        int begin = endOfNumber(message, previousSequence) + 1;
        if (begin > message.length
                || message[id - 1] != ' '
                || message[sequence - 1] != '-'
                || message[same - 1] != ' '
                || message[same] != '='
                || message[same + 1] != ' '
                || message[previousSequence - 1] != '-'
                || message[begin - 1] != '\n') {
            return null;
        }
        String epoch = new String(message, from, StreamPosition.EPOCH_LENGTH, StandardCharsets.ISO_8859_1);
        long millis = number(message, id, sequence - 1);
        long count = number(message, sequence, same - 1);
        long previousMillis = number(message, previous, previousSequence - 1);
        long previousCount = number(message, previousSequence, begin - 1);
        if (!StreamPosition.isEpoch(epoch) || millis < 0 || count < 0 || previousMillis < 0 || previousCount < 0) {
            return null;
        }
        return new ShardEnvelope(
                new StreamPosition(epoch, millis, count),
                new Link(new StreamPosition(epoch, previousMillis, previousCount), null),
                message,
                begin);
    }

    private static int endOfNumber(byte[] message, int from) {
        int end = from;
        while (end < message.length && message[end] >= '0' && message[end] <= '9') {
            end++;
        }
        return end;
    }

    /** Negative if it is none. */
    private static long number(byte[] message, int from, int to) {
        if (from == to || to - from > StreamPosition.MAX_DIGITS) {
            return -1;
        }
        long number = 0;
        for (int i = from; i < to; i++) {
            number = number * 10 + message[i] - '0';
        }
        return number;
    }

    private static @Nullable ShardEnvelope parseAny(byte[] message, int from) {
        int end = from;
        int limit = Math.min(message.length, LONGEST_LINE);
        while (end < limit && message[end] != '\n') {
            end++;
        }
        if (end == limit) {
            return null;
        }
        String[] words = new String(message, from, end - from, StandardCharsets.ISO_8859_1).split(" ", -1);
        StreamPosition position = words.length > LINK ? StreamPosition.of(words[0], words[1]) : null;
        if (position == null || position.epoch().equals(StreamPosition.ORIGIN.epoch())) {
            return null;
        }
        Link link = Link.parse(words, LINK, position.epoch());
        return link == null ? null : new ShardEnvelope(position, link, message, end + 1);
    }

    private static boolean begins(byte[] message, byte[] magic) {
        return message.length > magic.length && Arrays.equals(message, 0, magic.length, magic, 0, magic.length);
    }
}
