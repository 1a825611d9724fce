package io.github.shardedpubsub.chaos;

import io.github.shardedpubsub.subscription.NodeAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * When nodes stopped delivering without telling anybody, as the faults know it. Thread-safe.
 */
final class Silences {

    private static final Duration REMEMBERED = Duration.ofMinutes(3);

    /**
     * One node gone silent.
     *
     * @param lasts for so long at the most; a silence that is noticed is noticed within this time
     * @param noticed whether an interruption is reported in the end, though later than it began. It is not where the node delivers
     *     again by itself before anything could be noticed.
     */
    record Silence(NodeAddress node, Instant from, Duration lasts, boolean noticed) {

        private Instant until() {
            return this.from.plus(this.lasts);
        }

        /** Whether this is why an interruption was reported later than it began. */
        boolean explainsLateReportOf(Gap gap) {
            return this.noticed
                    && this.node.equals(gap.node())
                    && !gap.from().isBefore(this.from)
                    && !gap.from().isAfter(until());
        }

        /** Whether this is why something that was published while the node held the channel did not arrive, and nobody was told. */
        boolean swallows(Publication lost) {
            return !this.noticed
                    && !lost.answered().isBefore(this.from)
                    && !lost.sent().isAfter(until());
        }
    }

    private final List<Silence> silences = new CopyOnWriteArrayList<>();

    /** From now on the node does not deliver what it should, until that is noticed. */
    void begin(NodeAddress node, Duration noticedWithin) {
        add(new Silence(node, Instant.now(), noticedWithin, true));
    }

    /**
     * The node's shard has another master now, or will have within this time. A subscription at the node is good, but the new master
     * sends it nothing until it has heard that the node is a replica of its own (seen on Redis 7.0: up to a second), and neither of
     * the two tells the subscriber.
     */
    void beginUnnoticed(NodeAddress node, Duration lasts) {
        add(new Silence(node, Instant.now(), lasts, false));
    }

    private void add(Silence silence) {
        this.silences.removeIf(old -> old.from().isBefore(silence.from().minus(REMEMBERED)));
        this.silences.add(silence);
    }

    List<Silence> all() {
        return this.silences;
    }
}
