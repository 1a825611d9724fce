package io.github.shardedpubsub.subscription;

import java.util.Collection;
import java.util.Set;

/**
 * Keeps a connection to every upstream node as long as any channel is wanted, so that a slot's next owner need not be connected to
 * first.
 *
 * <p>On the subscriptions' own thread.
 */
final class WarmConnections {

    private final Reconciler reconciler;

    WarmConnections(Reconciler reconciler) {
        this.reconciler = reconciler;
    }

    /** Something is wanted for the first time, nothing is any more, or the topology was looked at. */
    void keep() {
        if (!this.reconciler.settings().warmConnections() || this.reconciler.isClosing()) {
            return;
        }
        Collection<NodeAddress> upstreams = this.reconciler.standings().isEmpty()
                ? Set.of()
                : Set.copyOf(this.reconciler.view().upstreams());
        upstreams.forEach(address -> this.reconciler.node(address).keepWarm(true));
        for (NodeConnection node : this.reconciler.nodes()) {
            if (!upstreams.contains(node.address())) {
                node.keepWarm(false);
            }
        }
    }
}
