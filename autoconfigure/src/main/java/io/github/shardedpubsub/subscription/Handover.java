package io.github.shardedpubsub.subscription;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;

/**
 * One channel's subscription at the next owner of its slot, beside the one at the present owner, and the order of what the two
 * deliver. They are of two shards, so that no message comes from both; but one can overtake another on its way from the other node.
 * So a message from the target is held until a PING through the source, sent after it came, is back: whatever the source had sent
 * before is delivered then.
 *
 * <p>Messages come on two event loops; the rest is on the subscriptions' own thread.
 */
final class Handover {

    /** Beyond this, messages go on at once, in an order that is only likely to be right. */
    private static final int MAX_HELD = 10_000;

    /** What the target has said. */
    enum Early {
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

    private final Reconciler reconciler;

    Early early = Early.ASKED;

    /** The target has ended the early subscription, as it does at the cut-over, before its confirmation was looked at. */
    boolean endedMeanwhile;

    private final Deque<byte[]> held = new ArrayDeque<>();

    private boolean heard;

    /** The target serves the slot, by its own word, or does not tell. On the subscriptions' own thread. */
    private boolean served;

    private boolean fencing;

    /** Once nothing is held any more, it is over. */
    private boolean ending;

    private boolean over;

    private final Consumer<Handover> whenOver;

    /**
     * Begins with the target asked.
     *
     * @param whenOver told on the subscriptions' own thread, where it ends by itself
     */
    Handover(
            WantedChannel channel,
            NodeConnection source,
            NodeConnection target,
            Reconciler reconciler,
            Consumer<Handover> whenOver) {
        this.channel = channel;
        this.source = source;
        this.target = target;
        this.reconciler = reconciler;
        this.whenOver = whenOver;
    }

    /** On the target's event loop. Returns false if the handover is over and the message is the caller's. */
    synchronized boolean take(byte[] payload) {
        if (this.over) {
            return false;
        }
        this.heard = true;
        this.held.add(payload);
        if (this.held.size() > MAX_HELD) {
            release(this.held.size());
        } else if (!this.fencing) {
            this.fencing = true;
            this.reconciler.timeline().execute(this::fence);
        }
        return true;
    }

    private void fence() {
        int before;
        synchronized (this) {
            before = this.held.size();
        }
        if (this.served || !this.target.isConnected()) {
            fenceSource(before);
            return;
        }
        this.target.askForSlots(slots -> {
            if (slots == null || slots.owned().get(this.channel.slot)) {
                this.served = true;
                fenceSource(before);
            } else {
                dropPassedOn(before);
            }
        });
    }

    /**
     * They are not the target's own: the slot is the source's still, and the source has passed them on, as to a replica (seen on Valkey
     * 9, between masters one of which had been a replica of the other). They come from the source itself.
     */
    private void dropPassedOn(int count) {
        synchronized (this) {
            for (int i = 0; i < count && this.held.poll() != null; i++) {
                this.reconciler
                        .standings()
                        .observe(observer -> observer.strayMessage(this.channel.name, this.target.address()));
            }
            this.heard = !this.held.isEmpty();
        }
        goOn();
    }

    private void fenceSource(int before) {
        // told on the source's event loop behind its messages; or the connection is lost, and none will come any more
        var unused = this.source.fence().thenRun(() -> passed(before));
    }

    private synchronized void passed(int before) {
        release(before);
        goOn();
    }

    private synchronized void goOn() {
        this.fencing = !this.held.isEmpty();
        if (this.fencing) {
            this.reconciler.timeline().execute(this::fence);
        } else if (this.ending && !this.over) {
            this.over = true;
            this.reconciler.timeline().execute(() -> this.whenOver.accept(this));
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

    /** Whether the target has sent anything, which it does only once the slot is its own, but for what is passed on to it. */
    synchronized boolean isHeard() {
        return this.heard;
    }
}
