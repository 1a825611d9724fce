package io.github.shardedpubsub.subscription;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;

/**
 * One channel's subscription at the next owner of its slot, beside the one at the present owner, and the order of what the two
 * deliver. They are of two shards, so that no message comes from both (see {@link Handovers}); but one can overtake another on its way
 * from the other node. So a message from the target is held until a PING through the source, sent after it came, is back: whatever the
 * source had sent before is delivered then.
 *
 * <p>Messages come on two event loops; the rest is on the subscriptions' own thread.
 */
final class Handover {

    /** Beyond this, messages go on at once, in an order that is only likely to be right. */
    private static final int MAX_HELD = 10_000;

    /** What the target has said. */
    enum Early {
        /** Nothing; nor is it asked before it is known that it is of another shard than the source. */
        UNASKED,
        ASKED,
        CONFIRMED,
        /** Nor will it be asked again as long as the slot is on its way. */
        REFUSED
    }

    final WantedChannel channel;

    /** The owner that the slot leaves. */
    final NodeConnection source;

    /** The node that is importing the slot. */
    final NodeConnection target;

    private final Timeline timeline;

    /** Changed on the subscriptions' own thread only. */
    volatile Early early = Early.UNASKED;

    /** The target has ended the early subscription, as it does at the cut-over, before its confirmation was looked at. */
    boolean endedMeanwhile;

    /** The source held the channel still when the target's confirmation had come, so that nothing was missed between the two. */
    boolean proven;

    private final Deque<byte[]> held = new ArrayDeque<>();

    private boolean heard;

    private boolean fencing;

    /** Once nothing is held any more, it is over. */
    private boolean ending;

    private boolean over;

    private final Consumer<Handover> whenOver;

    /**
     * @param whenOver told on the subscriptions' own thread, where it ends by itself
     */
    Handover(
            WantedChannel channel,
            NodeConnection source,
            NodeConnection target,
            Timeline timeline,
            Consumer<Handover> whenOver) {
        this.channel = channel;
        this.source = source;
        this.target = target;
        this.timeline = timeline;
        this.whenOver = whenOver;
    }

    /** On the target's event loop. Returns false if the handover is over, or not begun, and the message is the caller's. */
    synchronized boolean take(byte[] payload) {
        if (this.over || this.early == Early.UNASKED) {
            return false;
        }
        this.heard = true;
        this.held.add(payload);
        if (this.held.size() > MAX_HELD) {
            release(this.held.size());
        } else if (!this.fencing) {
            this.fencing = true;
            this.timeline.execute(this::fence);
        }
        return true;
    }

    /** Or may be. */
    boolean isSubscribedAt(NodeConnection node) {
        return node == this.source || node == this.target && this.early != Early.UNASKED;
    }

    private void fence() {
        int before;
        synchronized (this) {
            before = this.held.size();
        }
        // told on the source's event loop behind its messages; or the connection is lost, and none will come any more
        var unused = this.source.fence().thenRun(() -> passed(before));
    }

    private synchronized void passed(int before) {
        release(before);
        this.fencing = !this.held.isEmpty();
        if (this.fencing) {
            this.timeline.execute(this::fence);
        } else if (this.ending && !this.over) {
            this.over = true;
            this.timeline.execute(() -> this.whenOver.accept(this));
        }
    }

    private void release(int count) {
        for (int i = 0; i < count; i++) {
            byte[] payload = this.held.poll();
            if (payload == null) {
                return;
            }
            this.channel.deliver(payload);
        }
    }

    /** Nothing comes from the source any more, so that nothing has to wait for it. */
    synchronized void endNow() {
        release(this.held.size());
        this.ending = true;
        this.over = true;
    }

    /** What the target has sent already still waits for its turn. */
    synchronized void end() {
        this.ending = true;
        this.over = !this.fencing;
    }

    synchronized boolean isEnding() {
        return this.ending;
    }

    /** Whether what comes from the target goes its own way. */
    synchronized boolean isOver() {
        return this.over;
    }

    /** Whether the target has sent anything, which it does only once the slot is its own. */
    synchronized boolean isHeard() {
        return this.heard;
    }
}
