package io.github.shardedpubsub.sample;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;

/**
 * Looks at the nodes again and again, so that the page need not wait for any, and enters what has changed.
 */
@Component
class ClusterWatch {

    private final ClusterNodes nodes;

    private final EventHistory history;

    private volatile @Nullable List<ClusterNodes.Node> last;

    ClusterWatch(ClusterNodes nodes, EventHistory history) {
        this.nodes = nodes;
        this.history = history;
    }

    @Scheduled(fixedDelayString = "${sample.watch}")
    void look() {
        List<ClusterNodes.Node> now = this.nodes.nodes();
        List<ClusterNodes.Node> before = this.last;
        if (before != null && !before.equals(now)) {
            ClusterChanges.between(before, now).forEach(this.history::add);
        }
        this.last = now;
    }

    /** As last seen. */
    List<ClusterNodes.Node> nodes() {
        List<ClusterNodes.Node> seen = this.last;
        return seen != null ? seen : List.of();
    }
}
