package io.github.shardedpubsub.subscription;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How a wanted channel stands, replaced as a whole.
 *
 * @param order grows with every change, so that what has stood longest can be found
 */
record Standing(
        ChannelState state,
        Instant since,
        long order,
        @Nullable NodeAddress node,
        @Nullable Interruption lastInterruption,
        long interruptions,
        @Nullable String lastError) {

    static Standing wanted(Instant now, long order) {
        return new Standing(ChannelState.WANTED, now, order, null, null, 0, null);
    }

    Standing with(ChannelState state, Instant now, long order, @Nullable NodeAddress node, @Nullable String error) {
        return new Standing(state, now, order, node, this.lastInterruption, this.interruptions, error);
    }

    Standing with(Interruption interruption, long interruptions) {
        return new Standing(this.state, this.since, this.order, this.node, interruption, interruptions, this.lastError);
    }

    Standing withError(@Nullable NodeAddress node, String error) {
        return new Standing(this.state, this.since, this.order, node, this.lastInterruption, this.interruptions, error);
    }
}
