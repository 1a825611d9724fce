package io.github.shardedpubsub.subscription;

import io.github.shardedpubsub.pipe.Outcome;
import io.github.shardedpubsub.pipe.PlainCommand;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds what nobody tells, at intervals: a channel whose node is not the slot's owner, and a node that counts other channels for
 * our connection than it should. Nothing waits for its answers, so that a node that does not answer holds up nothing.
 *
 * <p>On the subscriptions' own thread.
 */
final class Audit {

    private static final Logger logger = LoggerFactory.getLogger(Audit.class);

    /** The shard channels of a connection as its server counts them: {@code CLIENT INFO}, Redis 7.0 and later. */
    private static final Pattern SHARD_CHANNELS = Pattern.compile("\\bssub=(\\d+)");

    /** A count means something only where nothing changed between the question and its answer. */
    private static final Duration AGAIN = Duration.ofSeconds(1);

    private static final int MAX_TRIES = 5;

    private final Reconciler reconciler;

    private boolean due;

    /** By this, every channel was looked at; as long as it stands, only those can be elsewhere that have come there since. */
    private @Nullable SlotOwners looked;

    private final Set<WantedChannel> elsewhere = new LinkedHashSet<>();

    Audit(Reconciler reconciler) {
        this.reconciler = reconciler;
    }

    void start() {
        this.reconciler.every(this.reconciler.settings().auditInterval(), () -> {
            List<NodeConnection> nodes = new ArrayList<>(this.reconciler.nodes());
            if (!nodes.isEmpty()) {
                this.due = true;
                this.reconciler.topology().lookSoon();
            }
            for (NodeConnection node : nodes) {
                this.reconciler.arrivals().endLeftovers(node);
                count(node, MAX_TRIES);
            }
        });
    }

    /**
     * Asks again for every channel that is not where the topology says its slot is served. A replica may rightly hold it, as after a
     * failover, and confirms it; but one that was given another master has dropped it without a word (Redis 7.0), and redirects.
     */
    void topologyLookedAt() {
        if (this.due) {
            this.due = false;
            this.elsewhere.removeIf(channel -> !isElsewhere(channel));
            SlotOwners owners = this.reconciler.view().owners();
            if (owners == null || owners != this.looked) {
                this.reconciler.standings().all().forEach(this::lookAt);
                this.looked = owners;
            }
            var unused = this.reconciler.checks().ask(this.elsewhere);
        }
    }

    private void lookAt(WantedChannel channel) {
        if (isElsewhere(channel)) {
            this.elsewhere.add(channel);
        }
    }

    /** The channel has another holder than before. */
    void held(WantedChannel channel) {
        if (this.looked != null && this.looked == this.reconciler.view().owners()) {
            lookAt(channel);
        }
    }

    private boolean isElsewhere(WantedChannel channel) {
        NodeConnection holder = channel.holder;
        NodeAddress owner = this.reconciler.view().ownerOf(channel.slot);
        return holder != null && owner != null && !owner.equals(holder.address());
    }

    private void count(NodeConnection node, int tries) {
        if (!node.isConnected() || node.reading().isPaused()) {
            return;
        }
        if (node.unitsInFlight() > 0) {
            countLater(node, tries);
            return;
        }
        long before = node.changes();
        node.ask(PlainCommand.CLIENT_INFO, outcome -> {
            if (!(outcome instanceof Outcome.Answered answered)) {
                // no permission for it, or no answer: other means tell of the latter
                logger.debug("{} does not tell what it counts: {}", node, outcome);
            } else if (node.changes() != before) {
                countLater(node, tries);
            } else {
                counted(node, answered.reply());
            }
        });
    }

    private void countLater(NodeConnection node, int tries) {
        if (tries > 1) {
            this.reconciler.timeline().schedule(AGAIN, () -> count(node, tries - 1));
        }
    }

    private void counted(NodeConnection node, String info) {
        Matcher counted = SHARD_CHANNELS.matcher(info);
        if (!counted.find()) {
            return;
        }
        int there = Integer.parseInt(counted.group(1));
        if (there >= node.subscribed() && there <= node.subscribed() + node.maybeSubscribed()) {
            node.miscounts = 0;
            return;
        }
        String finding = "the node counts " + there + " shard channels for this connection, which has "
                + node.subscribed() + " confirmed";
        if (node.miscounts++ == 0) {
            // once more, before all of its channels are interrupted for it
            countLater(node, MAX_TRIES);
            return;
        }
        logger.atWarn()
                .addKeyValue("node", node.address())
                .log("Audit of {}: {}; the connection is opened anew", node, finding);
        node.miscounts = 0;
        this.reconciler.standings().observe(observer -> observer.auditFound(node.address(), finding));
        node.reconnect(finding);
    }
}
