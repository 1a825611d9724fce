package io.github.shardedpubsub.pipe;

import io.netty.channel.Channel;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Notices a node that no longer answers: a unit that waits while nothing at all is received, or a silence that a PING does not
 * break; and a unit that waits while what is received never becomes a whole frame. It looks four times within the shorter of its two
 * times, and so is late by a quarter of it at most.
 *
 * <p>Confined to the event loop of one connection.
 */
final class FenceDeadline {

    /** The connection, as far as it is watched. */
    interface Link {

        /** The unit that has waited longest for its fence. */
        @Nullable
        FencedUnit oldestUnit();

        void askWhetherAlive();

        void expired(FencedUnit unit);

        void stuck(FencedUnit unit, Duration since);
    }

    /**
     * For how many fence timeouts something may be received and no frame be whole: a minute by default, and by default a server itself
     * ends the connection of a subscriber to whom it could not send 8 MiB for a minute.
     */
    private static final int TIMEOUTS_OF_A_FRAME = 12;

    private final long timeoutNanos;

    private final long heartbeatNanos;

    private long receivedAtNanos;

    private long advancedAtNanos;

    private @Nullable ScheduledFuture<?> looking;

    FenceDeadline(PipeSettings settings) {
        this.timeoutNanos = settings.fenceTimeout().toNanos();
        this.heartbeatNanos = settings.heartbeat().toNanos();
    }

    void start(Channel channel, Link link) {
        received(true);
        long shorter = this.heartbeatNanos > 0 ? Math.min(this.timeoutNanos, this.heartbeatNanos) : this.timeoutNanos;
        long period = Math.max(shorter / 4, TimeUnit.MILLISECONDS.toNanos(1));
        this.looking = channel.eventLoop()
                .scheduleWithFixedDelay(() -> look(channel, link), period, period, TimeUnit.NANOSECONDS);
    }

    void stop() {
        if (this.looking != null) {
            this.looking.cancel(false);
            this.looking = null;
        }
    }

    /**
     * Something was received.
     *
     * @param advanced whether a frame was whole with it
     */
    void received(boolean advanced) {
        this.receivedAtNanos = System.nanoTime();
        if (advanced) {
            this.advancedAtNanos = this.receivedAtNanos;
        }
    }

    private void look(Channel channel, Link link) {
        if (!channel.config().isAutoRead()) {
            // what is not read cannot be missed
            received(true);
            return;
        }
        long now = System.nanoTime();
        long silent = now - this.receivedAtNanos;
        FencedUnit oldest = link.oldestUnit();
        if (oldest == null) {
            if (this.heartbeatNanos > 0 && silent >= this.heartbeatNanos) {
                link.askWhetherAlive();
            }
        } else if (silent >= this.timeoutNanos && now - oldest.sentAtNanos() >= this.timeoutNanos) {
            link.expired(oldest);
        } else if (Math.min(now - this.advancedAtNanos, now - oldest.sentAtNanos())
                >= TIMEOUTS_OF_A_FRAME * this.timeoutNanos) {
            link.stuck(oldest, Duration.ofNanos(now - this.advancedAtNanos));
        }
    }
}
