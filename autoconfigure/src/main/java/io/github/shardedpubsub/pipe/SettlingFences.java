package io.github.shardedpubsub.pipe;

import java.util.function.Consumer;

/**
 * The fences sent on a connection for nothing but to settle whose a reply was, as far as none of them has been echoed yet. A server
 * that answers none of a few will not answer the next.
 */
final class SettlingFences {

    private static final int MAX_IN_A_ROW = 3;

    private int inARow;

    /**
     * Where it cannot be told whose an error was, has one more number sent, whose echo tells; or the connection closed, where there
     * have been enough.
     */
    void settle(ReplyAlignment alignment, Runnable send, Consumer<String> close) {
        if (!alignment.needsFence()) {
            return;
        }
        if (this.inARow++ < MAX_IN_A_ROW) {
            send.run();
        } else {
            close.accept("errors alone in answer to " + MAX_IN_A_ROW + " PINGs: whose they are cannot be told");
        }
    }

    void echoed() {
        this.inARow = 0;
    }
}
