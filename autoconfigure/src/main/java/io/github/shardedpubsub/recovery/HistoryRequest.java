package io.github.shardedpubsub.recovery;

/**
 * Something to be read from a history. Two are never the same.
 *
 * @param count how many entries at most
 * @param attempts how often it was read before without what was looked for, so that it can wait a little
 */
record HistoryRequest(Kind kind, StreamPosition from, int count, int attempts) {

    enum Kind {

        /** The last entry there is. */
        LAST,

        /** That entry, and those behind it. */
        FORWARD,

        /** Those before that entry, the last of them first. */
        BACKWARD
    }

    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }
}
