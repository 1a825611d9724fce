package io.github.shardedpubsub.pipe;

import io.netty.channel.Channel;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Notices a node that no longer answers: a unit that waits while nothing at all is received, or a silence that a PING does not
 * break. It looks four times within the shorter of its two times, and so is late by a quarter of it at most.
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
    }

    private final long timeoutNanos;

    private final long heartbeatNanos;

    private long receivedAtNanos;

    private @Nullable ScheduledFuture<?> looking;

    FenceDeadline(PipeSettings settings) {
        this.timeoutNanos = settings.fenceTimeout().toNanos();
        this.heartbeatNanos = settings.heartbeat().toNanos();
    }

    void start(Channel channel, Link link) {
        received();
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

    void received() {
        this.receivedAtNanos = System.nanoTime();
    }

    private void look(Channel channel, Link link) {
        if (!channel.config().isAutoRead()) {
            // what is not read cannot be missed
            received();
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
        }
    }
}
