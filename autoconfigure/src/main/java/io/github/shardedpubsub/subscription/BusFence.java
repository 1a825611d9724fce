package io.github.shardedpubsub.subscription;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.pipe.Outcome;
import io.github.shardedpubsub.pipe.PlainCommand;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waits until all that a node has delivered has come, over the cluster bus, to another one of its shard, which would deliver it a
 * second time to who is subscribed there by then. A node passes on to all others what is published at it on a classic channel, on the
 * same links and in the same order as what it passes on in its shard; so one of ours, published at the one and received at the other,
 * comes behind them all (seen on Redis 8.0: of 20,000 messages passed on, 6,680 came twice without it).
 *
 * <p>Where that cannot be had, since the user may not publish it or a connection is missing, nothing is waited for. On the
 * subscriptions' own thread.
 */
final class BusFence {

    /** Users who restrict channels must permit these, {@code SUBSCRIBE} and {@code PUBLISH}, or a message may come twice. */
    static final String PREFIX = "sharded-pubsub:fence:";

    private static final Logger logger = LoggerFactory.getLogger(BusFence.class);

    /** The way over the bus takes about a millisecond, and a new connection some more. */
    private static final Duration PATIENCE = Duration.ofMillis(500);

    private final Reconciler reconciler;

    private final ChannelName channel;

    private final Map<NodeConnection, Set<Passage>> waiting = new LinkedHashMap<>();

    /** Those whose message is to come, by its text. */
    private final Map<String, Passage> open = new HashMap<>();

    private final Map<Way, List<Runnable>> gathered = new LinkedHashMap<>();

    private int number;

    BusFence(Reconciler reconciler) {
        this.reconciler = reconciler;
        this.channel = ChannelName.of(PREFIX + OwnChannels.newSender(reconciler.timeline()));
    }

    private record Way(NodeConnection from, NodeConnection to) {}

    /** As {@link #pass}, together with all others of the same way, when {@link #passGathered()} is called. */
    void gather(NodeConnection from, NodeConnection to, Runnable then) {
        this.gathered
                .computeIfAbsent(new Way(from, to), any -> new ArrayList<>())
                .add(then);
    }

    void passGathered() {
        Map<Way, List<Runnable>> passing = new LinkedHashMap<>(this.gathered);
        this.gathered.clear();
        passing.forEach((way, then) -> pass(way.from(), way.to(), () -> then.forEach(Runnable::run)));
    }

    /**
     * From the node that has delivered to the one that is to deliver next.
     *
     * @param then done once, at the end
     */
    void pass(NodeConnection from, NodeConnection to, Runnable then) {
        Passage passage = new Passage(from, to, Integer.toString(this.number++), then);
        this.open.put(passage.text, passage);
        this.reconciler.timeline().schedule(PATIENCE, () -> passage.over("it has not come"));
        if (to.connectIfNeeded()) {
            passage.begin();
        } else {
            this.waiting.computeIfAbsent(to, any -> new LinkedHashSet<>()).add(passage);
        }
    }

    void connected(NodeConnection node) {
        Set<Passage> begins = this.waiting.remove(node);
        if (begins != null) {
            begins.forEach(Passage::begin);
        }
    }

    /** It goes to all nodes, and comes to each in its own time: only the one that it is for says anything. */
    private void heard(NodeConnection at, byte[] payload) {
        Passage passage = this.open.get(new String(payload, StandardCharsets.US_ASCII));
        if (passage != null && passage.to == at) {
            passage.over("it has come");
        }
    }

    /** One message on its way. */
    private final class Passage {

        private final NodeConnection from;

        private final NodeConnection to;

        private final String text;

        /** Null once it has been done. */
        private @Nullable Runnable then;

        Passage(NodeConnection from, NodeConnection to, String text, Runnable then) {
            this.from = from;
            this.to = to;
            this.text = text;
            this.then = then;
        }

        void begin() {
            this.to.listen(
                    BusFence.this.channel,
                    payload -> BusFence.this.reconciler.timeline().execute(() -> heard(this.to, payload)),
                    outcome -> {
                        if (!(outcome instanceof Outcome.Confirmed)) {
                            over("not to be subscribed to: " + outcome);
                        } else {
                            publish();
                        }
                    });
        }

        private void publish() {
            if (!this.from.isConnected()) {
                over(this.from + " is not connected");
                return;
            }
            byte[] payload = this.text.getBytes(StandardCharsets.US_ASCII);
            this.from.ask(PlainCommand.publishClassic(BusFence.this.channel, payload), outcome -> {
                if (!(outcome instanceof Outcome.Answered)) {
                    over("not to be published: " + outcome);
                }
            });
        }

        void over(String why) {
            Runnable next = this.then;
            if (next == null) {
                return;
            }
            this.then = null;
            logger.debug("From {} to {}, message {} by way of the bus: {}", this.from, this.to, this.text, why);
            BusFence.this.open.remove(this.text);
            BusFence.this.waiting.computeIfPresent(this.to, (any, passages) -> {
                passages.remove(this);
                return passages.isEmpty() ? null : passages;
            });
            if (!BusFence.this.reconciler.isClosing()) {
                next.run();
            }
        }
    }
}
