package io.github.shardedpubsub.subscription;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The slots of one node as its own line of its own {@code CLUSTER NODES} has them: only there do slots show that are leaving it.
 *
 * @param owned those it serves, 0..16383
 * @param leaving those that have begun to move, with the node that each goes to; it serves them still
 * @param upstream the node that it is a replica of, null if it is an upstream node itself
 */
record NodeSlots(
        BitSet owned,
        Map<Integer, NodeAddress> leaving,
        @Nullable NodeAddress upstream) {

    /**
     * Takes the answering node's own part.
     *
     * @return null if its own line is not there
     */
    static @Nullable NodeSlots of(ClusterNodes nodes) {
        ClusterNodes.Line own = nodes.myself();
        if (own == null) {
            return null;
        }
        Map<Integer, NodeAddress> leaving = new HashMap<>();
        own.leaving().forEach((slot, id) -> {
            NodeAddress target = nodes.address(id);
            if (target != null) {
                leaving.put(slot, target);
            }
        });
        return new NodeSlots(own.owned(), leaving, own.isUpstream() ? null : nodes.address(own.upstreamId()));
    }
}
