package io.github.shardedpubsub.sample;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The nodes of the cluster, and what the sample may do to them.
 */
interface ClusterNodes {

    /**
     * A node.
     *
     * @param role MASTER, REPLICA or DOWN
     * @param slots how many slots it owns
     * @param upstream the id of the master that it follows; null if it follows none
     * @param ranges the slots it owns, as {@link SlotRanges}
     */
    record Node(
            String id,
            String address,
            String role,
            int slots,
            @Nullable String upstream,
            String ranges) {

        static Node down(String id, String address) {
            return new Node(id, address, "DOWN", 0, null, "");
        }

        boolean isMaster() {
            return this.role.equals("MASTER");
        }
    }

    /**
     * A slot's way.
     *
     * @param slot 0..16383
     * @param from the address of the node that had it
     * @param to the address of the node that has it now
     */
    record Move(int slot, String from, String to) {}

    List<Node> nodes();

    /** Whether the sample may change it. */
    boolean ours();

    /**
     * Moves a slot to the next master.
     *
     * @param taking how long the slot is on its way, as one with many keys is
     */
    Move moveOn(int slot, Duration taking);

    /** Moves a slot to a master; nothing happens if it is there already. */
    Move move(int slot, String id, Duration taking);

    /** What was done, in words. */
    String kill(String id);

    String restart(String id);

    String failover(String id);

    /** Starts another master, which has no slots yet. */
    Node add();

    /** Closes every connection that has subscriptions, and says how many. */
    long closeSubscribers();

    /** Waits until every slot has a living owner, and all nodes agree. */
    void awaitWhole();
}
