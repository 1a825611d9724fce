package io.github.shardedpubsub.chaos;

import io.github.shardedpubsub.subscription.NodeAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * When nodes stopped delivering without telling anybody, as the faults know it. What is lost from then on is lost before the
 * interruption that is reported, since nothing on the connection tells of it. Thread-safe.
 */
final class Silences {

    private static final Duration REMEMBERED = Duration.ofMinutes(3);

    /**
     * One node gone silent.
     *
     * @param noticedWithin how much later the interruption is reported at the latest
     */
    record Silence(NodeAddress node, Instant from, Duration noticedWithin) {

        /** Whether this silence is why an interruption was reported later than it began. */
        boolean explains(Gap gap) {
            return this.node.equals(gap.node())
                    && !gap.from().isBefore(this.from)
                    && !gap.from().isAfter(this.from.plus(this.noticedWithin));
        }
    }

    private final List<Silence> silences = new CopyOnWriteArrayList<>();

    void begin(NodeAddress node, Duration noticedWithin) {
        Instant now = Instant.now();
        this.silences.removeIf(silence -> silence.from().isBefore(now.minus(REMEMBERED)));
        this.silences.add(new Silence(node, now, noticedWithin));
    }

    List<Silence> all() {
        return this.silences;
    }
}
