package io.github.shardedpubsub.subscription;

import io.github.shardedpubsub.pipe.Outcome;
import io.github.shardedpubsub.pipe.PlainCommand;
import io.github.shardedpubsub.subscription.SubscriptionObserver.ProbeResult;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
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

    /** The last one at each node; only as long as the node owns its channel. */
    private final Map<NodeConnection, NodeProbe> probes = new HashMap<>();

    DeliveryProbe(Reconciler reconciler) {
        this.reconciler = reconciler;
        this.sender = OwnChannels.newSender(reconciler.timeline());
    }

    void start() {
        this.reconciler.every(this.reconciler.settings().probeInterval(), () -> {
            this.probes.keySet().retainAll(this.reconciler.nodes());
            new ArrayList<>(this.reconciler.nodes()).forEach(this::probe);
        });
    }

    private void probe(NodeConnection node) {
        WantedChannel held = node.anyConfirmed();
        if (!node.isConnected() || node.reading().isPaused() || held == null) {
            return;
        }
        NodeProbe probe = probeOf(node, held.slot);
        CompletableFuture<Outcome> subscribed = new CompletableFuture<>();
        node.subscribe(List.of(probe.channel), subscribed::complete);
        node.ask(PlainCommand.publish(probe.channel, probe.nextNumber()), published -> {
            var unused = subscribed.thenAccept(outcome -> judge(node, probe, outcome, published));
        });
    }

    /** The last one, if it stands and the node holds channels of its slot still. */
    private NodeProbe probeOf(NodeConnection node, int slot) {
        NodeProbe last = this.probes.get(node);
        if (last != null && node.owns(last.channel)) {
            if (last.slot == slot) {
                return last;
            }
            node.disown(last.channel);
            this.reconciler.arrivals().leaveOver(node, last.channel, false);
        }
        NodeProbe probe = new NodeProbe(this.sender, slot);
        node.own(probe.channel, probe::take);
        this.probes.put(node, probe);
        return probe;
    }

    private void judge(NodeConnection node, NodeProbe probe, Outcome subscribed, Outcome published) {
        if (!node.owns(probe.channel)) {
            return;
        }
        if (!(subscribed instanceof Outcome.Confirmed) || !(published instanceof Outcome.Answered)) {
            // the slot has moved, the connection is lost, or there is no permission: nothing can be said
            node.disown(probe.channel);
            logger.debug("The probe of {} has no result: {}, {}", node, subscribed, published);
            tell(node, ProbeResult.UNKNOWN);
        } else if (probe.isHeard()) {
            node.probeDelivered();
            tell(node, ProbeResult.DELIVERED);
        } else {
            node.disown(probe.channel);
            String finding = "a message published at the node on " + probe.channel + " did not come back";
            logger.atWarn()
                    .addKeyValue("node", node.address())
                    .log("Probe of {}: {}; the connection is opened anew", node, finding);
            tell(node, ProbeResult.LOST);
            node.probeLost(finding);
            node.reconnect(finding);
        }
    }

    private void tell(NodeConnection node, ProbeResult result) {
        this.reconciler.standings().observe(observer -> observer.probed(node.address(), result));
    }
}
