package io.github.shardedpubsub.recovery;

import org.jspecify.annotations.Nullable;

/**
 * A place in a channel's history: that of a message, or the one before all.
 *
 * <p>Within one history ids grow from message to message, and what follows a message is told by its id. An <em>epoch</em> says whose ids
 * they are: a new one begins with the history, at each node that takes it over, and where a publisher finds that the history has lost
 * what was acknowledged. So what two nodes wrote in the same place is never taken for the same, and what one has forgotten shows.
 *
 * @param epoch 16 hexadecimal digits, the first 8 of them of the id of the node that began it; {@code -} before all
 * @param millis of the server's clock, or later if that went back: the first part of the id of the stream's entry
 * @param sequence the second part
 */
public record StreamPosition(String epoch, long millis, long sequence) {

    /** Before all messages of a history. */
    public static final StreamPosition ORIGIN = new StreamPosition("-", 0, 0);

    static final int EPOCH_LENGTH = 16;

    /** So many fit a {@code long}, whatever they are. */
    static final int MAX_DIGITS = 18;

    /**
     * Whether there is no message at this place.
     */
    public boolean isOrigin() {
        return equals(ORIGIN);
    }

    /** Whether the id is less than another's, in whatever epoch. */
    boolean isBefore(StreamPosition other) {
        return this.millis != other.millis ? this.millis < other.millis : this.sequence < other.sequence;
    }

    /** As Redis writes the id of an entry. */
    String id() {
        return this.millis + "-" + this.sequence;
    }

    /** {@code epoch/id}, as {@link #parse} reads it. */
    @Override
    public String toString() {
        return this.epoch + "/" + id();
    }

    /**
     * Reads what {@link #toString} writes.
     *
     * @throws IllegalArgumentException if it is no position
     */
    public static StreamPosition parse(String text) {
        int slash = text.indexOf('/');
        StreamPosition position = (slash < 0) ? null : of(text.substring(0, slash), text.substring(slash + 1));
        if (position == null) {
            throw new IllegalArgumentException(
                    "A position is an epoch and an id, as 5f7053b90a1b2c3d/1795833838649-0, not '" + text + "'");
        }
        return position;
    }

    /** Reads {@code epoch id}; null if it is none. */
    static @Nullable StreamPosition answered(String text) {
        int space = text.indexOf(' ');
        return space < 0 ? null : of(text.substring(0, space), text.substring(space + 1));
    }

    /** Null if it is none. */
    static @Nullable StreamPosition of(String epoch, String id) {
        int dash = id.indexOf('-');
        if (dash < 0 || !(isEpoch(epoch) || epoch.equals(ORIGIN.epoch))) {
            return null;
        }
        long millis = number(id, 0, dash);
        long sequence = number(id, dash + 1, id.length());
        return millis < 0 || sequence < 0 ? null : new StreamPosition(epoch, millis, sequence);
    }

    static boolean isEpoch(String text) {
        if (text.length() != EPOCH_LENGTH) {
            return false;
        }
        for (int i = 0; i < EPOCH_LENGTH; i++) {
            char c = text.charAt(i);
            if (!(c >= '0' && c <= '9' || c >= 'a' && c <= 'f')) {
                return false;
            }
        }
        return true;
    }

    /** Negative if it is none. */
    private static long number(String text, int from, int to) {
        if (from == to || to - from > MAX_DIGITS) {
            return -1;
        }
        long number = 0;
        for (int i = from; i < to; i++) {
            int digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                return -1;
            }
            number = number * 10 + digit;
        }
        return number;
    }
}
