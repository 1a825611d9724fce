package io.github.shardedpubsub.recovery;

import java.time.Instant;

/**
 * How far a listener is on a channel.
 *
 * @param last the last message that it has taken; {@link StreamPosition#ORIGIN} where it began before all and has taken none
 * @param asOf a time up to which it misses nothing behind that: of messages that are gone when it goes on, it cannot have missed any if they
 *     were published before. To the millisecond
 */
public record ListenerPosition(StreamPosition last, Instant asOf) {

    /** {@code epoch/id@milliseconds}, as {@link #parse} reads it. */
    @Override
    public String toString() {
        return this.last + "@" + this.asOf.toEpochMilli();
    }

    /**
     * Reads what {@link #toString} writes.
     *
     * @throws IllegalArgumentException if it is no position
     */
    public static ListenerPosition parse(String text) {
        int at = text.lastIndexOf('@');
        try {
            return new ListenerPosition(
                    StreamPosition.parse(text.substring(0, Math.max(0, at))),
                    Instant.ofEpochMilli(Long.parseLong(text.substring(at + 1))));
        } catch (IllegalArgumentException ex) {
            throw new IllegalArgumentException(
                    "A listener's position is a position, @, and milliseconds, as 5f7053b90a1b2c3d/1795833838649-0@1795833838650, not '"
                            + text + "'",
                    ex);
        }
    }
}
