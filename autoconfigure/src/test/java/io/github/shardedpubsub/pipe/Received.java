package io.github.shardedpubsub.pipe;

/** One thing that a server sends, as far as it concerns what belongs to whom. */
sealed interface Received {

    /** The push {@code ssubscribe channel}. */
    record Confirmation(ChannelName channel) implements Received {}

    /** The push {@code sunsubscribe channel}. */
    record End(ChannelName channel) implements Received {}

    /** The bulk string that answers a PING. */
    record Echo(long number) implements Received {}

    /** An error line. */
    record Failure(ReplyError error) implements Received {}

    /** What answers a plain command of a unit. */
    record Answer(String text) implements Received {}

    /** What answers a command that is no unit. */
    record Ok() implements Received {}

    default boolean isPush() {
        return this instanceof Confirmation || this instanceof End;
    }
}
