package io.github.shardedpubsub.pipe;

/**
 * The fences sent on a connection for nothing but to settle whose a reply was, as far as none of them has been echoed yet. A server
 * that answers none of a few will not answer the next.
 */
final class SettlingFences {

    private static final int MAX_IN_A_ROW = 3;

    /** Why a connection is closed on which no further one may be sent. */
    static final String EXHAUSTED =
            "errors alone in answer to " + MAX_IN_A_ROW + " PINGs: whose they are cannot be told";

    private int inARow;

    /** Counts one more; false where there have been enough, and it must not be sent. */
    boolean another() {
        return this.inARow++ < MAX_IN_A_ROW;
    }

    void echoed() {
        this.inARow = 0;
    }
}
