package io.github.shardedpubsub.subscription;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;

/**
 * Looks for slots that are leaving the nodes that hold channels: slowly in quiet times, and quickly at a node that has just had part
 * in a move, since slots seldom move alone.
 *
 * <p>On the subscriptions' own thread.
 */
final class MigrationWatch {

    private final Reconciler reconciler;

    private final Handovers handovers;

    private final HandoverSettings settings;

    /** When the nodes that are looked at quickly have last shown a sign of a move. */
    private final Map<NodeConnection, Long> signs = new HashMap<>();

    MigrationWatch(Reconciler reconciler, Handovers handovers) {
        this.reconciler = reconciler;
        this.handovers = handovers;
        this.settings = reconciler.settings().handover();
    }

    void start() {
        this.reconciler.every(this.settings.interval(), () -> {
            for (NodeConnection node : new ArrayList<>(this.reconciler.nodes())) {
                if (!this.signs.containsKey(node)) {
                    look(node, () -> {});
                }
            }
        });
    }

    /** A slot is leaving the node, has left it, or has come to it. */
    void sign(NodeConnection node) {
        if (!this.settings.isOff()
                && this.signs.put(node, this.reconciler.timeline().nanoTime()) == null) {
            lookQuickly(node);
        }
    }

    private void lookQuickly(NodeConnection node) {
        if (this.reconciler.isClosing()) {
            return;
        }
        look(node, () -> {
            Long sign = this.signs.get(node);
            if (sign == null
                    || this.reconciler.timeline().nanoTime() - sign
                            > this.settings.quickFor().toNanos()) {
                this.signs.remove(node);
                return;
            }
            this.reconciler.timeline().schedule(this.settings.quickInterval(), () -> lookQuickly(node));
        });
    }

    private boolean isWorthLooking(NodeConnection node) {
        return node.isConnected() && node.subscribed() > 0 && !node.reading().isPaused();
    }

    private void look(NodeConnection node, Runnable then) {
        if (!isWorthLooking(node)) {
            then.run();
            return;
        }
        node.askForSlots(slots -> {
            if (!this.reconciler.isClosing()) {
                if (slots != null) {
                    seen(node, slots);
                }
                then.run();
            }
        });
    }

    private void seen(NodeConnection node, NodeSlots slots) {
        if (!slots.leaving().isEmpty()) {
            sign(node);
        }
        if (!slots.leaving().isEmpty() || !node.handovers.isEmpty()) {
            this.handovers.seen(node, slots);
        }
    }
}
