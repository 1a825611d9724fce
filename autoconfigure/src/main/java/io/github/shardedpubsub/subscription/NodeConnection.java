package io.github.shardedpubsub.subscription;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.pipe.Outcome;
import io.github.shardedpubsub.pipe.Pipe;
import io.github.shardedpubsub.pipe.PipeListener;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The way to one node: a pipe opened when a channel first needs it, opened anew with backoff when it cannot be had, closed when
 * nothing is left on it. Changed on the subscriptions' own thread only; what is volatile is read by others.
 */
final class NodeConnection {

    /** A connection that lasts no longer than this has not been of use: what is asked on it may be why it is closed. */
    private static final long SHORT_LIFE_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** So many connections of a short life are left to Lettuce, which opens the next at once. */
    private static final int MAX_SHORT_LIVES = 3;

    private final NodeAddress address;

    private final Reconciler reconciler;

    /** The channels whose holder this is, whether asked or confirmed; in their order, so that a run can be repeated. */
    final Set<WantedChannel> held = new LinkedHashSet<>();

    /** The channels that will be asked for here once the connection stands. */
    final Set<WantedChannel> waiting = new LinkedHashSet<>();

    private @Nullable Link link;

    /** Connections in a row that could not be opened or did not last. */
    private int failures;

    private long connectedAtNanos;

    private boolean backingOff;

    private boolean closingWhenIdle;

    private final AtomicInteger subscribed = new AtomicInteger();

    private volatile Status status;

    NodeConnection(NodeAddress address, Reconciler reconciler) {
        this.address = address;
        this.reconciler = reconciler;
        this.status = new Status(false, reconciler.timeline().now(), null);
    }

    private record Status(
            boolean connected, Instant since, @Nullable String lastError) {}

    NodeAddress address() {
        return this.address;
    }

    boolean isConnected() {
        return this.link != null && this.link.connected;
    }

    NodeStatus status() {
        Status status = this.status;
        return new NodeStatus(
                this.address, status.connected(), status.since(), this.subscribed.get(), status.lastError());
    }

    void countSubscribed(int change) {
        this.subscribed.addAndGet(change);
    }

    /** Has the channel asked for here as soon as the connection stands. */
    void await(WantedChannel channel) {
        this.waiting.add(channel);
        if (this.link == null && !this.backingOff) {
            open();
        }
    }

    private void open() {
        Link opening = new Link();
        this.link = opening;
        try {
            opening.pipe = this.reconciler.cluster().open(this.address, opening);
        } catch (RuntimeException ex) {
            opening.connectFailed(ex);
        }
    }

    CompletableFuture<Outcome> subscribe(List<ChannelName> channels) {
        return pipe().subscribe(channels);
    }

    CompletableFuture<Outcome> unsubscribe(List<ChannelName> channels) {
        return pipe().unsubscribe(channels);
    }

    /** For a node that forgot who we are: the handshake says it again. */
    void reconnect() {
        pipe().reconnect();
    }

    private Pipe pipe() {
        if (this.link == null || this.link.pipe == null) {
            throw new IllegalStateException("No connection to " + this.address);
        }
        return this.link.pipe;
    }

    private void connected(Link from) {
        if (from != this.link) {
            return;
        }
        from.connected = true;
        this.connectedAtNanos = this.reconciler.timeline().nanoTime();
        this.status = new Status(true, this.reconciler.timeline().now(), null);
        this.reconciler.connected(this);
        closeWhenIdle();
    }

    private void disconnected(Link from, String reason) {
        if (from != this.link) {
            return;
        }
        from.connected = false;
        this.status = new Status(false, this.reconciler.timeline().now(), reason);
        this.reconciler.disconnected(this, reason, from.outOfStep);
        from.outOfStep = false;
        boolean shortLived = this.reconciler.timeline().nanoTime() - this.connectedAtNanos < SHORT_LIFE_NANOS;
        this.failures = shortLived ? this.failures + 1 : 0;
        if (this.failures > MAX_SHORT_LIVES) {
            openLater();
            return;
        }
        // Lettuce's own waits grow to half a minute; ours have a longest
        Duration patience = this.reconciler.settings().backoffMax();
        this.reconciler.timeline().schedule(patience, () -> {
            if (from == this.link && !from.connected) {
                // a reconnect of Lettuce's may be under way; what it tells does not count any more
                discard();
                if (!this.waiting.isEmpty()) {
                    open();
                }
            }
        });
        closeWhenIdle();
    }

    private void connectFailed(Link from, String reason) {
        if (from != this.link) {
            return;
        }
        this.failures++;
        this.status = new Status(false, this.status.since(), reason);
        this.reconciler.connectFailed(this, reason);
        openLater();
    }

    private void openLater() {
        discard();
        this.backingOff = true;
        this.reconciler.timeline().schedule(this.reconciler.backoff(this.failures), () -> {
            this.backingOff = false;
            this.reconciler.reconsider(new ArrayList<>(this.waiting));
            if (this.waiting.isEmpty()) {
                closeWhenIdle();
            }
        });
    }

    /** Closes the pipe after a while if by then no channel is held or waits, and goes from the list of nodes. */
    void closeWhenIdle() {
        if (this.closingWhenIdle || !isIdle()) {
            return;
        }
        this.closingWhenIdle = true;
        this.reconciler.timeline().schedule(this.reconciler.settings().idleConnection(), () -> {
            this.closingWhenIdle = false;
            if (isIdle() && !this.backingOff) {
                discard();
                this.reconciler.forget(this);
            }
        });
    }

    private boolean isIdle() {
        return this.held.isEmpty() && this.waiting.isEmpty();
    }

    private void discard() {
        if (this.link != null && this.link.pipe != null) {
            var unused = this.link.pipe.closeAsync();
        }
        this.link = null;
    }

    /** The future is completed when the socket is closed. */
    CompletableFuture<Void> close() {
        Link closing = this.link;
        this.link = null;
        return closing != null && closing.pipe != null
                ? closing.pipe.closeAsync()
                : CompletableFuture.completedFuture(null);
    }

    /** One pipe and what it tells, which counts only as long as it is the node's current one. */
    private final class Link implements PipeListener {

        private @Nullable Pipe pipe;

        private boolean connected;

        /** Set before {@link #disconnected} is told, on another thread but in one order. */
        private volatile boolean outOfStep;

        @Override
        public void connected() {
            later(() -> NodeConnection.this.connected(this));
        }

        @Override
        public void connectFailed(Throwable cause) {
            later(() -> NodeConnection.this.connectFailed(this, rootMessage(cause)));
        }

        @Override
        public void disconnected(String reason) {
            later(() -> NodeConnection.this.disconnected(this, reason));
        }

        @Override
        public void message(ChannelName channel, byte[] payload) {
            NodeConnection.this.reconciler.message(NodeConnection.this, channel, payload);
        }

        @Override
        public void endedByServer(ChannelName channel) {
            later(() -> {
                if (this == NodeConnection.this.link) {
                    NodeConnection.this.reconciler.endedByServer(NodeConnection.this, channel);
                }
            });
        }

        @Override
        public void unitFinished(Outcome outcome, Duration took) {
            NodeConnection.this
                    .reconciler
                    .standings()
                    .observe(observer -> observer.unitFinished(NodeConnection.this.address, outcome, took));
        }

        @Override
        public void outOfStep(String seen) {
            this.outOfStep = true;
            NodeConnection.this
                    .reconciler
                    .standings()
                    .observe(observer -> observer.outOfStep(NodeConnection.this.address, seen));
        }

        private void later(Runnable event) {
            NodeConnection.this.reconciler.timeline().execute(event);
        }
    }

    /** Lettuce wraps what the server or the network said in "Unable to connect". */
    private static String rootMessage(Throwable cause) {
        Throwable root = cause;
        while (root.getCause() != null && root.getCause() != root) {
            root = root.getCause();
        }
        return root.getMessage() != null ? root.getMessage() : root.toString();
    }

    @Override
    public String toString() {
        return this.address.toString();
    }
}
