package io.github.shardedpubsub.sample;

import io.github.shardedpubsub.test.RedisClusterException;
import io.lettuce.core.cluster.SlotHash;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Moves slots with channels on them, one after another. One caller at a time may change the cluster.
 */
@Component
class SlotMover {

    private static final Logger logger = LoggerFactory.getLogger(SlotMover.class);

    private final ClusterNodes nodes;

    private final List<String> channels;

    private final ReentrantLock changing = new ReentrantLock();

    private volatile Overview.@Nullable Progress progress;

    SlotMover(ClusterNodes nodes, CourierLedger couriers) {
        this.nodes = nodes;
        this.channels = List.copyOf(couriers.byChannel().keySet());
    }

    /** The last change that took steps, or the one that is under way. */
    Overview.@Nullable Progress progress() {
        return this.progress;
    }

    ClusterNodes.Move move(String channel, Duration taking) {
        if (!this.channels.contains(channel)) {
            throw new UnknownNameException("There is no channel '" + channel + "'");
        }
        return alone(() -> this.nodes.moveOn(SlotHash.getSlot(channel), taking));
    }

    /** Goes around the channels as often as it takes for so many moves. */
    Overview.Progress reshard(int slots, Duration taking) {
        return stepwise(slots, steps -> {
            logger.info("Moving {} slots…", slots);
            moveOn(steps, "Moving " + slots + " slots", slots, taking);
        });
    }

    /** Moves the slots of so many channels on, each a step. */
    void moveOn(Steps steps, String what, int slots, Duration taking) {
        for (int i = 0; i < slots; i++) {
            steps.next(what);
            this.nodes.moveOn(SlotHash.getSlot(this.channels.get(steps.begun % this.channels.size())), taking);
        }
    }

    /**
     * How far it has come.
     */
    final class Steps {

        private final int all;

        private final Instant since = Instant.now();

        private int begun;

        private String what = "";

        private Steps(int all) {
            this.all = all;
        }

        void next(String step) {
            this.what = step;
            show(this.begun++, true);
        }

        private Overview.Progress show(int done, boolean running) {
            Overview.Progress now = new Overview.Progress(
                    this.what,
                    done,
                    this.all,
                    Duration.between(this.since, Instant.now()).toMillis(),
                    running);
            SlotMover.this.progress = now;
            return now;
        }
    }

    interface SteppedChange {

        void make(Steps steps);
    }

    /** As {@link #alone}, and everybody sees how far it has come. */
    Overview.Progress stepwise(int steps, SteppedChange change) {
        return alone(() -> {
            Steps taken = new Steps(steps);
            try {
                change.make(taken);
            } catch (RuntimeException ex) {
                taken.show(Math.max(0, taken.begun - 1), false);
                throw ex;
            }
            Overview.Progress done = taken.show(taken.begun, false);
            logger.info("{}: {} steps in {} ms", done.what(), done.moved(), done.millis());
            return done;
        });
    }

    interface Change<T> {

        T make();
    }

    <T> T alone(Change<T> change) {
        if (!this.changing.tryLock()) {
            throw new NotPossibleException("The cluster is being changed by somebody else; wait until that is done");
        }
        try {
            return change.make();
        } catch (RedisClusterException ex) {
            // the lines after the first are the servers' logs
            throw new NotPossibleException(
                    String.valueOf(ex.getMessage()).lines().findFirst().orElse("It failed"));
        } finally {
            this.changing.unlock();
        }
    }
}
