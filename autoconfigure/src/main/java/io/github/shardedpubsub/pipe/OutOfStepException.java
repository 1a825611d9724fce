package io.github.shardedpubsub.pipe;

/**
 * The replies of a server cannot belong to the commands that were sent, so that no later reply can be trusted either.
 */
final class OutOfStepException extends Exception {

    private static final long serialVersionUID = 1L;

    OutOfStepException(String seen) {
        super(seen);
    }
}
