package io.github.shardedpubsub.pipe;

/** One reply that is not a push, as far as a unit can be answered by it. */
sealed interface Reply {

    /** The number of a PING, come back. */
    record Echo(long number) implements Reply {}

    /** An error line, of which one may have to find out whose it is. */
    record Failed(ReplyError error) implements Reply {}

    /** Anything that neither a pub/sub command nor a numbered PING is ever answered by. */
    record Strange() implements Reply {}

    static Reply echo(String text) {
        try {
            return new Echo(Long.parseLong(text));
        } catch (NumberFormatException notOurs) {
            return new Strange();
        }
    }
}
