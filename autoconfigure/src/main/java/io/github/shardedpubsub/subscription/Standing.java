package io.github.shardedpubsub.subscription;

import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * How a wanted channel stands, replaced as a whole. Every channel has one, so that it is kept small: an {@link Instant} is made when
 * it is asked for, and what few channels have is apart.
 *
 * @param sinceNanos since the epoch, for which there is room until the year 2262
 * @param troubles null if there were none
 */
record Standing(
        ChannelState state,
        long sinceNanos,
        @Nullable NodeAddress node,
        @Nullable Troubles troubles) {

    private static final long NANOS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);

    /** What has gone wrong. */
    record Troubles(
            @Nullable Interruption lastInterruption,
            long interruptions,
            @Nullable String lastError) {}

    static Standing wanted(Instant now) {
        return new Standing(ChannelState.WANTED, nanos(now), null, null);
    }

    Standing with(ChannelState state, Instant now, @Nullable NodeAddress node, @Nullable String error) {
        return new Standing(state, nanos(now), node, troubles(lastInterruption(), interruptions(), error));
    }

    Standing with(Interruption interruption, long interruptions) {
        return new Standing(this.state, this.sinceNanos, this.node, troubles(interruption, interruptions, lastError()));
    }

    Standing withError(@Nullable NodeAddress node, String error) {
        return new Standing(this.state, this.sinceNanos, node, troubles(lastInterruption(), interruptions(), error));
    }

    private static @Nullable Troubles troubles(
            @Nullable Interruption lastInterruption, long interruptions, @Nullable String lastError) {
        return lastInterruption == null && lastError == null
                ? null
                : new Troubles(lastInterruption, interruptions, lastError);
    }

    private static long nanos(Instant instant) {
        return instant.getEpochSecond() * NANOS_PER_SECOND + instant.getNano();
    }

    Instant since() {
        return Instant.ofEpochSecond(0, this.sinceNanos);
    }

    @Nullable
    Interruption lastInterruption() {
        return this.troubles == null ? null : this.troubles.lastInterruption();
    }

    long interruptions() {
        return this.troubles == null ? 0 : this.troubles.interruptions();
    }

    @Nullable
    String lastError() {
        return this.troubles == null ? null : this.troubles.lastError();
    }
}
