package io.github.shardedpubsub.subscription;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.pipe.Outcome;
import io.github.shardedpubsub.pipe.PlainCommand;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waits until all that a master had delivered before it was failed over has come to its new master over the cluster bus, which would
 * deliver it a second time to who is subscribed there by then. A master that has become a replica still takes messages, and passes
 * them on in their order; so one of ours, published there and received at the new master, comes behind them all.
 *
 * <p>Where that cannot be had, since the user may not publish it or a connection is missing, nothing is waited for. On the
 * subscriptions' own thread.
 */
final class BusFence {

    /** Users who restrict channels must permit these, and {@code SPUBLISH}, or a message may come twice at a failover. */
    static final String PREFIX = "sharded-pubsub:failover:";

    private static final Logger logger = LoggerFactory.getLogger(BusFence.class);

    private static final byte[] NOTHING = {};

    /** The way over the bus takes about a millisecond, and a new connection some more. */
    private static final Duration PATIENCE = Duration.ofMillis(500);

    private final Reconciler reconciler;

    private final String sender;

    private final Map<NodeConnection, Set<Passage>> waiting = new LinkedHashMap<>();

    private int number;

    BusFence(Reconciler reconciler) {
        this.reconciler = reconciler;
        this.sender = OwnChannels.newSender(reconciler.timeline());
    }

    /**
     * From the old master to the new one.
     *
     * @param slot one that they served
     * @param then done once, at the end
     */
    void pass(NodeConnection from, NodeAddress to, int slot, Runnable then) {
        ChannelName marker = OwnChannels.name(PREFIX + this.sender + "-" + this.number++, slot);
        Passage passage = new Passage(from, this.reconciler.node(to), marker, then);
        this.reconciler.timeline().schedule(PATIENCE, () -> passage.over("it has not come"));
        if (passage.to.connectIfNeeded()) {
            passage.begin();
        } else {
            this.waiting
                    .computeIfAbsent(passage.to, any -> new LinkedHashSet<>())
                    .add(passage);
        }
    }

    void connected(NodeConnection node) {
        Set<Passage> begins = this.waiting.remove(node);
        if (begins != null) {
            begins.forEach(Passage::begin);
        }
    }

    /** One message on its way. */
    private final class Passage {

        private final NodeConnection from;

        private final NodeConnection to;

        private final ChannelName marker;

        private final Runnable then;

        private boolean over;

        Passage(NodeConnection from, NodeConnection to, ChannelName marker, Runnable then) {
            this.from = from;
            this.to = to;
            this.marker = marker;
            this.then = then;
        }

        void begin() {
            this.to.own(
                    this.marker, payload -> BusFence.this.reconciler.timeline().execute(() -> over("it has come")));
            this.to.subscribeOwn(this.marker, outcome -> {
                if (!(outcome instanceof Outcome.Confirmed)) {
                    over("not to be subscribed to: " + outcome);
                } else if (!this.over) {
                    publish();
                }
            });
        }

        private void publish() {
            if (!this.from.isConnected()) {
                over(this.from + " is not connected");
                return;
            }
            this.from.ask(PlainCommand.publish(this.marker, NOTHING), outcome -> {
                if (!(outcome instanceof Outcome.Answered)) {
                    over("not to be published: " + outcome);
                }
            });
        }

        void over(String why) {
            if (this.over) {
                return;
            }
            this.over = true;
            logger.debug("{} is the replica of {} now, {} by way of the bus: {}", this.from, this.to, this.marker, why);
            BusFence.this.waiting.computeIfPresent(this.to, (any, passages) -> {
                passages.remove(this);
                return passages.isEmpty() ? null : passages;
            });
            if (this.to.disown(this.marker)) {
                BusFence.this.reconciler.arrivals().leaveOver(this.to, this.marker, false);
            }
            if (!BusFence.this.reconciler.isClosing()) {
                this.then.run();
            }
        }
    }
}
