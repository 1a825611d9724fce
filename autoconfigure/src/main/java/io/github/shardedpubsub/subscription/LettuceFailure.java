package io.github.shardedpubsub.subscription;

/**
 * Why something failed that Lettuce was asked for: what the server or the network said, which Lettuce wraps in "Unable to connect", or,
 * where several nodes were asked, leaves behind as suppressed exceptions.
 */
public final class LettuceFailure {

    private LettuceFailure() {}

    /**
     * The message at the bottom; of several nodes, that of the first.
     */
    public static String reason(Throwable failure) {
        Throwable cause = failure.getCause();
        if (cause != null && cause != failure) {
            return reason(cause);
        }
        if (failure.getSuppressed().length > 0) {
            return reason(failure.getSuppressed()[0]);
        }
        return failure.getMessage() != null ? failure.getMessage() : failure.toString();
    }
}
