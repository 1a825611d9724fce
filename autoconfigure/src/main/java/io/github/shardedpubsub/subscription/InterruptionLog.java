package io.github.shardedpubsub.subscription;

import java.time.Duration;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Logs interruptions and refusals, of however many channels in a few lines: one for each cause of what has happened within a second.
 * Nothing is logged where nothing happens. What is in the line is beside it as key-value pairs, too, for structured logging.
 *
 * <p>On the subscriptions' own thread.
 */
final class InterruptionLog implements SubscriptionObserver {

    private static final Logger logger = LoggerFactory.getLogger(InterruptionLog.class);

    private static final Duration GATHERING = Duration.ofSeconds(1);

    /** A cluster has many nodes, and a line is no place for all of them. */
    private static final int NAMED_NODES = 3;

    private final Timeline timeline;

    private final Map<InterruptionCause, Burst> interruptions = new EnumMap<>(InterruptionCause.class);

    private @Nullable Burst refusals;

    private boolean gathering;

    InterruptionLog(Timeline timeline) {
        this.timeline = timeline;
    }

    /** What has happened to channels since the last line. */
    private static final class Burst {

        private final BitSet slots = new BitSet();

        private final TreeSet<NodeAddress> nodes = new TreeSet<>();

        private int begun;

        private int over;

        private Duration longest = Duration.ZERO;

        private String detail = "";

        void add(ChannelTransition transition, @Nullable NodeAddress node) {
            this.slots.set(transition.slot());
            if (node != null) {
                this.nodes.add(node);
            }
        }

        String where() {
            String named = String.join(
                    ", ",
                    this.nodes.stream()
                            .limit(NAMED_NODES)
                            .map(NodeAddress::toString)
                            .toList());
            int more = this.nodes.size() - NAMED_NODES;
            return more > 0 ? named + " and " + more + " more" : named;
        }

        /** The slot, if it is one. */
        String slots() {
            int count = this.slots.cardinality();
            return count == 1 ? "slot " + this.slots.nextSetBit(0) : count + " slots";
        }

        LoggingEventBuilder event(Level level) {
            int count = this.slots.cardinality();
            LoggingEventBuilder event =
                    logger.atLevel(level).addKeyValue("node", where()).addKeyValue("slots", count);
            return count == 1 ? event.addKeyValue("slot", this.slots.nextSetBit(0)) : event;
        }
    }

    @Override
    public void channelChanged(ChannelTransition transition) {
        Interruption interruption = transition.interruption();
        if (interruption != null) {
            Burst burst = this.interruptions.computeIfAbsent(interruption.cause(), any -> new Burst());
            burst.add(transition, interruption.from());
            Duration duration = interruption.duration();
            if (duration == null) {
                burst.begun++;
                burst.detail = interruption.detail();
            } else {
                burst.over++;
                burst.longest = duration.compareTo(burst.longest) > 0 ? duration : burst.longest;
            }
            gather();
        } else if (transition.to() == ChannelState.REFUSED) {
            Burst burst = this.refusals != null ? this.refusals : new Burst();
            burst.add(transition, transition.node());
            burst.begun++;
            burst.detail = transition.detail();
            this.refusals = burst;
            gather();
        }
    }

    private void gather() {
        if (!this.gathering) {
            this.gathering = true;
            this.timeline.schedule(GATHERING, this::log);
        }
    }

    private void log() {
        this.gathering = false;
        this.interruptions.forEach(InterruptionLog::log);
        this.interruptions.clear();
        Burst refused = this.refusals;
        if (refused != null) {
            this.refusals = null;
            refused.event(Level.WARN)
                    .addKeyValue("channels", refused.begun)
                    .log(
                            "{} in {} refused by {}: {}",
                            channels(refused.begun),
                            refused.slots(),
                            refused.where(),
                            refused.detail);
        }
    }

    private static void log(InterruptionCause cause, Burst burst) {
        LoggingEventBuilder event = burst.event(burst.begun > burst.over ? Level.WARN : Level.INFO)
                .addKeyValue("cause", cause)
                .addKeyValue("channels", burst.begun)
                .addKeyValue("restored", burst.over)
                .addKeyValue("millis", burst.longest.toMillis());
        if (burst.begun == 0) {
            event.log(
                    "{} in {} confirmed again that were lost at {} ({}), after {} ms at most",
                    channels(burst.over),
                    burst.slots(),
                    burst.where(),
                    cause,
                    burst.longest.toMillis());
        } else {
            event.log(
                    "{} in {} interrupted at {} ({}: {}); {} confirmed again, after {} ms at most",
                    channels(burst.begun),
                    burst.slots(),
                    burst.where(),
                    cause,
                    burst.detail,
                    burst.over,
                    burst.longest.toMillis());
        }
    }

    private static String channels(int count) {
        return count == 1 ? "1 shard channel" : count + " shard channels";
    }
}
