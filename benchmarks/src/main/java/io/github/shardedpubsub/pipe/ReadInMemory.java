package io.github.shardedpubsub.pipe;

/** What an event loop reads at once, without a network. */
public final class ReadInMemory {

    private ReadInMemory() {}

    /** Deals with a portion as an event loop does. */
    public static void read(Runnable portion) {
        EndOfRead.begin();
        try {
            portion.run();
        } finally {
            EndOfRead.end();
        }
    }
}
