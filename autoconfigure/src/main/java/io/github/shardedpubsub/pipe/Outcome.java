package io.github.shardedpubsub.pipe;

/**
 * What became of what was sent as one unit. It is said once its fence has passed, and never guessed.
 */
public sealed interface Outcome {

    /**
     * The server has done it, for every channel of the unit.
     */
    record Confirmed() implements Outcome {}

    /**
     * The server has answered a {@link PlainCommand}.
     *
     * @param reply its text, or its integer in decimal digits
     */
    record Answered(String reply) implements Outcome {}

    /**
     * The server has refused it, for every channel of the unit. A refused unsubscribe can leave the subscription alive
     * (Redis 7.4 answers {@code ASK} or {@code MOVED} and goes on sending).
     *
     * @param error what the server said
     */
    record Refused(ReplyError error) implements Outcome {}

    /**
     * Nobody can tell: the connection was lost or never there, or the replies fit more than one reading. Subscribing and
     * unsubscribing are idempotent, so the way out is to ask again.
     *
     * @param reason what happened, for people
     */
    record Unknown(String reason) implements Outcome {}

    /** The one instance of {@link Confirmed} that is needed. */
    Outcome CONFIRMED = new Confirmed();
}
