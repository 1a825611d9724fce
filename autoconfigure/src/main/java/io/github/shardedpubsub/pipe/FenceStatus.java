package io.github.shardedpubsub.pipe;

import org.jspecify.annotations.Nullable;

/**
 * How the fence of an application's own Lettuce connections stands, at one moment.
 *
 * @param state whether it is in place
 * @param connections how many fenced pub/sub connections are open
 * @param outOfStep how many were closed because their replies did not fit what was asked
 * @param reason why it is {@link State#UNAVAILABLE}, for people; null in the other states
 */
public record FenceStatus(
        State state,
        int connections,
        long outOfStep,
        @Nullable String reason) {

    /** Whether connections get the fence. */
    public enum State {
        /** No pub/sub connection has been opened yet. */
        NOT_NEEDED_YET,
        /** Every pub/sub connection so far has got it. */
        INSTALLED,
        /** At least one pub/sub connection could not get it, and stays as Lettuce made it. */
        UNAVAILABLE
    }

    /** In one word, with the reason if there is one. */
    @Override
    public String toString() {
        return switch (this.state) {
            case NOT_NEEDED_YET -> "not-needed-yet";
            case INSTALLED -> "installed";
            case UNAVAILABLE -> "unavailable (" + this.reason + ")";
        };
    }
}
