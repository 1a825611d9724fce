package io.github.shardedpubsub.recovery;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.format.datetime.standard.DurationFormatterUtils;

/**
 * Where a listener begins in the history of its channel, each time that it is added, or its container is started. As text, what
 * {@link #parse} reads: {@code new}, {@code last:100}, {@code since:10m}, {@code after:5f7053b90a1b2c3d/1795833838649-0}, {@code stored},
 * or {@code stored:last:100}.
 */
public sealed interface StartPosition {

    /** With what is published from now on. */
    StartPosition NEW = new New();

    /**
     * With so many messages that are there, or with all if there are fewer.
     *
     * @param count at least 1
     */
    static StartPosition last(int count) {
        return new Last(count);
    }

    /**
     * With the messages that are there of this time up to now, by the clock of this machine in comparison to those of the servers.
     *
     * @param duration a millisecond or longer
     */
    static StartPosition since(Duration duration) {
        return new Since(duration);
    }

    /**
     * With what follows a message. What of it cannot be had any more, or may be missing, is told as a {@link HistoryLoss}.
     *
     * @param position in the history of the one channel
     */
    static StartPosition after(StreamPosition position) {
        return new After(position);
    }

    /**
     * With what follows the last message that the listener has taken, as a {@link ShardPositionStore} knows it by the listener's name; with
     * what is published from now on where it knows none.
     */
    static StartPosition stored() {
        return stored(NEW);
    }

    /**
     * The same with another beginning where nothing is known.
     *
     * @param otherwise not itself stored
     */
    static StartPosition stored(StartPosition otherwise) {
        return new Stored(otherwise);
    }

    /** See {@link #NEW}. */
    record New() implements StartPosition {

        @Override
        public String toString() {
            return "new";
        }
    }

    /** See {@link #last}. */
    record Last(int count) implements StartPosition {

        public Last {
            if (count < 1) {
                throw new IllegalArgumentException(
                        "A listener can start with the last message at least, not with " + count);
            }
        }

        @Override
        public String toString() {
            return "last:" + this.count;
        }
    }

    /** See {@link #since}. */
    record Since(Duration duration) implements StartPosition {

        public Since {
            if (duration.isNegative() || duration.toMillis() < 1) {
                throw new IllegalArgumentException("A time to start since is a millisecond at least, not " + duration);
            }
        }

        @Override
        public String toString() {
            return "since:" + this.duration;
        }
    }

    /** See {@link #after}. */
    record After(StreamPosition position) implements StartPosition {

        @Override
        public String toString() {
            return "after:" + this.position;
        }
    }

    /** See {@link #stored(StartPosition)}. */
    record Stored(StartPosition otherwise) implements StartPosition {

        public Stored {
            if (otherwise instanceof Stored) {
                throw new IllegalArgumentException("Where nothing is stored, no other stored place can be begun at");
            }
        }

        @Override
        public String toString() {
            return this.otherwise.equals(NEW) ? "stored" : "stored:" + this.otherwise;
        }
    }

    /**
     * Reads what {@code toString} writes. Durations are as in properties: {@code 10m}, {@code 500ms}, {@code PT1H}.
     *
     * @throws IllegalArgumentException if it is nothing of that, with what it should be
     */
    static StartPosition parse(String text) {
        int colon = text.indexOf(':');
        String kind = colon < 0 ? text : text.substring(0, colon);
        String rest = colon < 0 ? null : text.substring(colon + 1);
        try {
            StartPosition parsed = parse(kind, rest);
            if (parsed != null) {
                return parsed;
            }
        } catch (IllegalArgumentException ex) {
            throw refused(text, ": " + ex.getMessage(), ex);
        }
        throw refused(text, "", null);
    }

    private static @Nullable StartPosition parse(String kind, @Nullable String rest) {
        if (rest == null) {
            return switch (kind) {
                case "new" -> NEW;
                case "stored" -> stored();
                default -> null;
            };
        }
        return switch (kind) {
            case "last" -> last(Integer.parseInt(rest));
            case "since" -> since(DurationFormatterUtils.detectAndParse(rest));
            case "after" -> after(StreamPosition.parse(rest));
            case "stored" -> stored(parse(rest));
            default -> null;
        };
    }

    private static IllegalArgumentException refused(String text, String why, @Nullable Exception cause) {
        return new IllegalArgumentException(
                "A start is new, last:100, since:10m, after:<position>, stored, or stored:<one of the others>, not '"
                        + text + "'" + why,
                cause);
    }
}
