package io.github.shardedpubsub.pipe;

/** One reply that is not a push, as far as a unit can be answered by it. */
sealed interface Reply {

    /** The number of a PING, come back. */
    record Echo(long number) implements Reply {}

    /** An error line, of which one may have to find out whose it is. */
    record Failed(ReplyError error) implements Reply {}

    /** What a plain command is answered by where it succeeds: any text but a number, or an integer. */
    record Answer(String text) implements Reply {}

    /** Anything that nothing in a unit is ever answered by. */
    record Strange() implements Reply {}

    /** A bulk string or a status line. No plain command of ours is answered by a number as text. */
    static Reply text(String text) {
        try {
            return new Echo(Long.parseLong(text));
        } catch (NumberFormatException notOfPing) {
            return new Answer(text);
        }
    }

    static Reply integer(long integer) {
        return new Answer(Long.toString(integer));
    }
}
