package io.github.shardedpubsub.sample;

import java.util.List;

/**
 * The nodes of the cluster, and what the sample may do to them.
 */
interface ClusterNodes {

    /**
     * A node.
     *
     * @param role MASTER, REPLICA or DOWN
     * @param slots how many slots it owns
     */
    record Node(String id, String address, String role, int slots) {}

    /**
     * A slot's way.
     *
     * @param slot 0..16383
     * @param from the address of the node that had it
     * @param to the address of the node that has it now
     */
    record Move(int slot, String from, String to) {}

    List<Node> nodes();

    /** Moves a slot to the next master. */
    Move moveOn(int slot);

    /** What was done, in words. */
    String kill(String id);

    String restart(String id);

    String failover(String id);
}
