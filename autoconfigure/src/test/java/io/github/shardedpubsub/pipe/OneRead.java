package io.github.shardedpubsub.pipe;

/** What an event loop has read at once, without one. */
public final class OneRead {

    private OneRead() {}

    /** Deals with it as an event loop does. */
    public static void during(Runnable portion) {
        EndOfRead.begin();
        try {
            portion.run();
        } finally {
            EndOfRead.end();
        }
    }
}
