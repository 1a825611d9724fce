package io.github.shardedpubsub.subscription;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.pipe.PipeChannel;
import io.lettuce.core.cluster.SlotHash;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A channel, who claims it, and what the server is known to do about it. Changed on the subscriptions' own thread only; what is
 * volatile is read by others.
 */
final class WantedChannel implements PipeChannel {

    /** What the connection that holds the channel was last asked, or has answered. */
    enum Actual {
        NONE,
        SUBSCRIBING,
        SUBSCRIBED,
        UNSUBSCRIBING
    }

    private static final Claim[] NO_CLAIMS = {};

    final ChannelName name;

    final int slot;

    private volatile Claim[] claims = NO_CLAIMS;

    /** Those who have released it as the last ones and wait for the subscription's end. */
    private final List<Claim> ending = new ArrayList<>(1);

    /** Who was asked last, and so the only one whose messages are taken, but for a handover. */
    volatile @Nullable NodeConnection holder;

    /** While the slot is on its way, or the end of its way. */
    volatile @Nullable Handover handover;

    volatile Standing standing;

    Actual actual = Actual.NONE;

    /** An unsubscribe has failed, so that nobody can tell whether the subscription lives. */
    boolean doubtful;

    /** The number of the last unit that named the channel, to know an answer that comes too late. */
    int asked;

    /** Whom to ask next, before asking the topology: the node that ended it, or the one a redirect named. */
    @Nullable
    NodeAddress hint;

    /** The node that has ended it, as long as none has confirmed it since. */
    @Nullable
    NodeConnection endedBy;

    /** Waits until all that the last node has delivered has come to the next one. */
    boolean onTheBus;

    /** What the holder sends before it has said that it is the one to hear. */
    volatile @Nullable HeldMessages held;

    /** Not asked for in one unit with others: a refusal says nothing of which of them it is for. */
    boolean alone;

    /** In the queue of what is to be looked at. */
    boolean queued;

    /** Waits for its time, after a failure; a hint or a change of owner ends the wait. */
    boolean backingOff;

    /** It is interrupted, and to be asked for when the application says so. */
    boolean leftToApplication;

    /** Counts the waits, to know one that was ended early. */
    int waits;

    int failures;

    int redirects;

    /** Confirmations in a row that the server took back at once. */
    int flaps;

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

    boolean isWanted() {
        return this.claims.length > 0;
    }

    /** Wanted, and believed to be subscribed. */
    boolean isConfirmed() {
        return this.actual == Actual.SUBSCRIBED && isWanted() && !this.doubtful;
    }

    /** Some claim has no room for messages. */
    boolean wantsReadingPaused() {
        for (Claim claim : this.claims) {
            if (claim.wantsReadingPaused()) {
                return true;
            }
        }
        return false;
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

    Claim[] claims() {
        return this.claims;
    }

    void add(Claim claim) {
        ended();
        Claim[] more = new Claim[this.claims.length + 1];
        System.arraycopy(this.claims, 0, more, 0, this.claims.length);
        more[this.claims.length] = claim;
        this.claims = more;
    }

    /** Returns whether the claim was there. */
    boolean remove(Claim claim) {
        List<Claim> fewer = new ArrayList<>(List.of(this.claims));
        if (!fewer.remove(claim)) {
            return false;
        }
        this.claims = fewer.toArray(NO_CLAIMS);
        if (fewer.isEmpty()) {
            this.ending.add(claim);
        } else {
            claim.ended().complete(null);
        }
        return true;
    }

    /** The end that released claims wait for has come, or will not come since the channel is claimed again. */
    void ended() {
        this.ending.forEach(claim -> claim.ended().complete(null));
        this.ending.clear();
    }

    void deliver(byte[] payload) {
        for (Claim claim : this.claims) {
            claim.deliver(payload);
        }
    }

    @Override
    public String toString() {
        return this.name + " (slot " + this.slot + ")";
    }
}
