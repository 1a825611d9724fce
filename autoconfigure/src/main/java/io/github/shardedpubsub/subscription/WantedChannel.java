package io.github.shardedpubsub.subscription;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.pipe.PipeChannel;
import io.lettuce.core.cluster.SlotHash;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A channel, who claims it, and what the server is known to do about it; a link in the chain of those that its holder holds. Changed
 * on the subscriptions' own thread only; what is volatile is read by others.
 */
final class WantedChannel extends Chain.Link<WantedChannel> implements PipeChannel {

    /** What the connection that holds the channel was last asked, or has answered. */
    enum Actual {
        NONE,
        SUBSCRIBING,
        SUBSCRIBED,
        UNSUBSCRIBING
    }

    final ChannelName name;

    final int slot;

    private volatile Claimants claims = Claimants.NOBODY;

    /** The one that has released it as the last and waits for the subscription's end. */
    private @Nullable Claim ending;

    /** Who was asked last, and so the only one whose messages are taken, but for a handover. */
    volatile @Nullable NodeConnection holder;

    /** While the slot is on its way, or the end of its way. */
    volatile @Nullable Handover handover;

    /** Null where there is nothing to be noted, as long as it is confirmed and nothing happens. */
    volatile @Nullable Pursuit pursuit;

    volatile Standing standing;

    Actual actual = Actual.NONE;

    /** An unsubscribe has failed, so that nobody can tell whether the subscription lives. */
    boolean doubtful;

    /** The number of the last unit that named the channel, to know an answer that comes too late. */
    int asked;

    /** To be asked for at its holder as soon as that is connected. */
    boolean awaitsConnection;

    /** In the queue of what is to be looked at. */
    boolean queued;

    long confirmedAtNanos;

    /** The server has ended the subscription while a unit that names the channel was in flight. */
    boolean endedMeanwhile;

    WantedChannel(ChannelName name, Standing standing) {
        this.name = name;
        this.slot = SlotHash.getSlot(name.toBytes());
        this.standing = standing;
    }

    @Override
    public ChannelName name() {
        return this.name;
    }

    /** Keeps the holder's count of confirmed channels in step. */
    void become(Actual next) {
        NodeConnection node = this.holder;
        if (node != null && (this.actual == Actual.SUBSCRIBED) != (next == Actual.SUBSCRIBED)) {
            node.countSubscribed(next == Actual.SUBSCRIBED ? 1 : -1);
        }
        this.actual = next;
        this.doubtful = false;
    }

    /** To tell later whether the node is still its holder and nothing was asked since. */
    BooleanSupplier askedLast(NodeConnection node) {
        int number = this.asked;
        return () -> this.asked == number && this.holder == node;
    }

    /** Begins one, if there is none. */
    Pursuit pursuit() {
        Pursuit pursuit = this.pursuit;
        if (pursuit == null) {
            pursuit = new Pursuit(this);
            this.pursuit = pursuit;
        }
        return pursuit;
    }

    /** It stands as subscribed. Only how often that has not lasted is not forgotten. */
    void endPursuit() {
        Pursuit over = this.pursuit;
        this.pursuit = null;
        if (over != null && over.flaps > 0) {
            pursuit().flaps = over.flaps;
        }
    }

    /** Not to be asked for in one unit with others. */
    boolean isAlone() {
        return this.pursuit != null && this.pursuit.alone;
    }

    boolean isBackingOff() {
        return this.pursuit != null && this.pursuit.backingOff;
    }

    void endWait() {
        if (this.pursuit != null) {
            this.pursuit.backingOff = false;
        }
    }

    boolean isWanted() {
        return this.claims != Claimants.NOBODY;
    }

    /** Wanted, and believed to be subscribed. */
    boolean isConfirmed() {
        return this.actual == Actual.SUBSCRIBED && isWanted() && !this.doubtful;
    }

    boolean wantsReadingPaused() {
        return this.claims.wantsReadingPaused();
    }

    /** The nodes whose messages are taken: its holder, and the two ends of a handover. */
    Set<NodeConnection> heard() {
        Set<NodeConnection> heard = new LinkedHashSet<>();
        NodeConnection holder = this.holder;
        if (holder != null) {
            heard.add(holder);
        }
        Handover handover = this.handover;
        if (handover != null) {
            heard.add(handover.source);
            if (handover.isSubscribedAt(handover.target)) {
                heard.add(handover.target);
            }
        }
        return heard;
    }

    Claimants claims() {
        return this.claims;
    }

    void add(Claim claim) {
        ended();
        this.claims = this.claims.with(claim);
    }

    /** Returns whether the claim was there. */
    boolean remove(Claim claim) {
        Claimants before = this.claims;
        this.claims = before.without(claim);
        if (this.claims == before) {
            return false;
        }
        if (isWanted()) {
            claim.end();
        } else {
            this.ending = claim;
        }
        return true;
    }

    /** The end that a released claim waits for has come, or will not come since the channel is claimed again. */
    void ended() {
        if (this.ending != null) {
            this.ending.end();
            this.ending = null;
        }
    }

    void deliver(byte[] payload) {
        this.claims.deliver(payload);
    }

    @Override
    public String toString() {
        return this.name + " (slot " + this.slot + ")";
    }
}
