package io.github.shardedpubsub.subscription;

import io.github.shardedpubsub.pipe.Outcome;
import io.github.shardedpubsub.pipe.PlainCommand;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks for slots that are leaving the nodes that hold channels: slowly in quiet times, and quickly at a node that has just had part
 * in a move, since slots seldom move alone.
 *
 * <p>On the subscriptions' own thread.
 */
final class MigrationWatch {

    private static final Logger logger = LoggerFactory.getLogger(MigrationWatch.class);

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
        if (this.settings.isOff()) {
            return;
        }
        this.reconciler.timeline().schedule(this.settings.interval(), () -> {
            if (this.reconciler.isClosing()) {
                return;
            }
            for (NodeConnection node : new ArrayList<>(this.reconciler.nodes())) {
                if (!this.signs.containsKey(node)) {
                    look(node, () -> {});
                }
            }
            start();
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
            if (sign == null || this.reconciler.timeline().nanoTime() - sign > quickNanos()) {
                this.signs.remove(node);
                return;
            }
            this.reconciler.timeline().schedule(this.settings.quickInterval(), () -> lookQuickly(node));
        });
    }

    private long quickNanos() {
        return this.settings.quickFor().toNanos();
    }

    private boolean isWorthLooking(NodeConnection node) {
        return node.isConnected() && node.subscribed() > 0;
    }

    private void look(NodeConnection node, Runnable then) {
        if (!isWorthLooking(node)) {
            then.run();
            return;
        }
        var unused = node.send(PlainCommand.CLUSTER_NODES)
                .thenAccept(outcome -> this.reconciler.timeline().execute(() -> {
                    if (!this.reconciler.isClosing()) {
                        seen(node, outcome);
                        then.run();
                    }
                }));
    }

    private void seen(NodeConnection node, Outcome outcome) {
        if (!(outcome instanceof Outcome.Answered answered)) {
            logger.debug("{} does not tell its slots: {}", node, outcome);
            return;
        }
        NodeSlots slots = NodeSlots.parse(answered.reply(), node.address());
        if (slots == null) {
            return;
        }
        if (!slots.leaving().isEmpty()) {
            sign(node);
        }
        if (!slots.leaving().isEmpty() || !node.handovers.isEmpty()) {
            this.handovers.seen(node, slots);
        }
    }
}
