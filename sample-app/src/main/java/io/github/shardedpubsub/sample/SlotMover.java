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

    private volatile Overview.@Nullable Reshard progress;

    SlotMover(ClusterNodes nodes, CourierLedger couriers) {
        this.nodes = nodes;
        this.channels = List.copyOf(couriers.byChannel().keySet());
    }

    /** The last reshard, or the one that is under way. */
    Overview.@Nullable Reshard progress() {
        return this.progress;
    }

    ClusterNodes.Move move(String channel) {
        if (!this.channels.contains(channel)) {
            throw new UnknownNameException("There is no channel '" + channel + "'");
        }
        return alone(() -> this.nodes.moveOn(SlotHash.getSlot(channel)));
    }

    /** Goes around the channels as often as it takes for so many moves. */
    Overview.Reshard reshard(int slots) {
        return alone(() -> {
            Instant begun = Instant.now();
            logger.info("Moving {} slots…", slots);
            for (int moved = 0; moved < slots; moved++) {
                this.progress = reshard(moved, slots, begun, true);
                try {
                    this.nodes.moveOn(SlotHash.getSlot(this.channels.get(moved % this.channels.size())));
                } catch (RuntimeException ex) {
                    this.progress = reshard(moved, slots, begun, false);
                    throw ex;
                }
            }
            Overview.Reshard done = reshard(slots, slots, begun, false);
            this.progress = done;
            logger.info("{} slots moved in {} ms", slots, done.millis());
            return done;
        });
    }

    private static Overview.Reshard reshard(int moved, int slots, Instant begun, boolean running) {
        return new Overview.Reshard(
                moved, slots, Duration.between(begun, Instant.now()).toMillis(), running);
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
            throw new NotPossibleException(String.valueOf(ex.getMessage()));
        } finally {
            this.changing.unlock();
        }
    }
}
