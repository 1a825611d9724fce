package io.github.shardedpubsub.chaos;

/** Counts of messages; each loss is counted once. */
final class Tally {

    long published;

    long notPublished;

    long arrived;

    /** Published while the channel was said not to be confirmed, or was not claimed. */
    long lostInGap;

    /** Published shortly before that: the message was on its way when the subscription ended. */
    long lostJustBefore;

    /** Published after the node went silent, and before that was noticed and reported. */
    long lostInSilence;

    /** Taken by a node that had been frozen, when its slot had gone from its shard meanwhile. */
    long lostWithThawed;

    /** Passed on by a node that was frozen just after it had taken them, once it was thawed: late, or for the second time. */
    long heldBack;

    /** Published at an old master and passed on to the new one, where a later one had been published meanwhile. */
    long overtaken;

    void add(Tally other) {
        this.published += other.published;
        this.notPublished += other.notPublished;
        this.arrived += other.arrived;
        this.lostInGap += other.lostInGap;
        this.lostJustBefore += other.lostJustBefore;
        this.lostInSilence += other.lostInSilence;
        this.lostWithThawed += other.lostWithThawed;
        this.heldBack += other.heldBack;
        this.overtaken += other.overtaken;
    }

    @Override
    public String toString() {
        return this.published + " published (" + this.notPublished + " more could not be), " + this.arrived
                + " arrived; lost: " + this.lostInGap + " in reported interruptions, " + this.lostJustBefore
                + " just before one, " + this.lostInSilence + " at nodes that went silent, " + this.lostWithThawed
                + " taken by a thawed one that its slot had left; " + this.heldBack
                + " late or twice from thawed nodes, " + this.overtaken
                + " overtaken at a failover";
    }
}
