package io.github.shardedpubsub.chaos;

import java.util.Random;

/** Something that happens to the cluster or its clients. */
@FunctionalInterface
interface Fault {

    /**
     * Lets it happen, and returns when it is over.
     *
     * @param dice for its parameters; how many numbers are drawn decides nothing for other faults
     * @param account to be told what is done to whom, as soon as it is known
     * @throws NotNow if the cluster is not in a state for it
     */
    void strike(Random dice, Account account);

    /** Takes down what a fault does. */
    interface Account {

        void note(String what);
    }

    /** The cluster is not in a state for this fault: it would not recover by itself, or there is nothing to do it to. */
    final class NotNow extends RuntimeException {

        private static final long serialVersionUID = 1;

        NotNow(String reason) {
            super(reason, null, false, false);
        }
    }
}
