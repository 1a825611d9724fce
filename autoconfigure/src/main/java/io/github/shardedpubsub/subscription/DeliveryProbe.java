package io.github.shardedpubsub.subscription;

import io.github.shardedpubsub.pipe.Outcome;
import io.github.shardedpubsub.pipe.PlainCommand;
import io.github.shardedpubsub.subscription.SubscriptionObserver.ProbeResult;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds a node on which subscriptions stand but nothing arrives: a number is published at the node on the very connection that is
 * subscribed to its channel. The server delivers it before it answers the next command, so that it is here, or lost, when the fence
 * behind it has passed; no clock is needed.
 *
 * <p>On the subscriptions' own thread.
 */
final class DeliveryProbe {

    private static final Logger logger = LoggerFactory.getLogger(DeliveryProbe.class);

    private final Reconciler reconciler;

    private final String sender;

    DeliveryProbe(Reconciler reconciler) {
        this.reconciler = reconciler;
        this.sender = Long.toHexString((long) (reconciler.timeline().random() * Long.MAX_VALUE));
    }

    void start() {
        this.reconciler.every(
                this.reconciler.settings().probeInterval(),
                () -> new ArrayList<>(this.reconciler.nodes()).forEach(this::probe));
    }

    private void probe(NodeConnection node) {
        WantedChannel held = node.held.stream()
                .filter(WantedChannel::isConfirmed)
                .findFirst()
                .orElse(null);
        if (!node.isConnected() || node.isReadingPaused() || held == null) {
            return;
        }
        NodeProbe before = node.probe;
        NodeProbe probe = before != null && before.slot == held.slot ? before : new NodeProbe(this.sender, held.slot);
        if (probe != before) {
            node.probe = probe;
            if (before != null) {
                this.reconciler.arrivals().leaveOver(node, before.channel, false);
            }
        }
        var unused = node.subscribe(List.of(probe.channel))
                .thenCombine(
                        node.send(PlainCommand.publish(probe.channel, probe.nextNumber())), (subscribed, published) -> {
                            this.reconciler.timeline().execute(() -> judge(node, probe, subscribed, published));
                            return published;
                        });
    }

    private void judge(NodeConnection node, NodeProbe probe, Outcome subscribed, Outcome published) {
        if (node.probe != probe) {
            return;
        }
        if (!(subscribed instanceof Outcome.Confirmed) || !(published instanceof Outcome.Answered)) {
            // the slot has moved, the connection is lost, or there is no permission: nothing can be said
            node.probe = null;
            logger.debug("The probe of {} has no result: {}, {}", node, subscribed, published);
            tell(node, ProbeResult.UNKNOWN);
        } else if (probe.isHeard()) {
            node.probeDelivered();
            tell(node, ProbeResult.DELIVERED);
        } else {
            node.probe = null;
            String finding = "a message published at the node on " + probe.channel + " did not come back";
            logger.warn("Probe of {}: {}; the connection is opened anew", node, finding);
            tell(node, ProbeResult.LOST);
            node.probeLost(finding);
            node.reconnect(finding);
        }
    }

    private void tell(NodeConnection node, ProbeResult result) {
        this.reconciler.standings().observe(observer -> observer.probed(node.address(), result));
    }
}
