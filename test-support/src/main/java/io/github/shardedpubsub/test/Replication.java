package io.github.shardedpubsub.test;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Masters and replicas changing places.
 *
 * <p>Not thread-safe: its cluster lets one operation in at a time.
 */
final class Replication {

    private static final Logger log = LoggerFactory.getLogger(Replication.class);

    // A server gives up a manual failover after 5 s; it can be asked again then.
    private static final Duration ONE_ATTEMPT = Duration.ofMillis(5500);

    private final Membership membership;
    private final Agreement agreement;
    private final Patience patience;

    Replication(Membership membership, Agreement agreement, Patience patience) {
        this.membership = membership;
        this.agreement = agreement;
        this.patience = patience;
    }

    void failover(RedisNode replica) {
        requireReplica(replica);
        log.info("Failing over to {}", replica);
        long deadline = System.nanoTime() + patience.limit().toNanos();
        while (true) {
            replica.command("CLUSTER", "FAILOVER");
            String complaint = patience.within(ONE_ATTEMPT).poll(() -> notPromoted(replica));
            if (complaint == null) {
                return;
            }
            if (System.nanoTime() >= deadline || replica.role() == RedisNode.Role.MASTER) {
                awaitPromoted(replica);
                return;
            }
            // Masters do not vote for one shard twice within twice the node time-out; and within four times of it, a
            // replica that was elected before may take its old votes for new ones, and is a replica again some
            // milliseconds later.
            log.info("{} has not been elected: {}; asking again", replica, complaint);
        }
    }

    void forceFailover(RedisNode replica) {
        requireReplica(replica);
        log.info("Taking over with {}", replica);
        replica.command("CLUSTER", "FAILOVER", "TAKEOVER");
        awaitPromoted(replica);
    }

    private void awaitPromoted(RedisNode replica) {
        patience.await(
                replica + " to be the master of its shard",
                "Failovers soon after one another are refused by the masters for twice the node time-out: wait that long, or use forceFailover.",
                () -> notPromoted(replica));
    }

    private @Nullable String notPromoted(RedisNode replica) {
        return replica.role() == RedisNode.Role.MASTER ? agreement.complaint() : replica + " is still a replica";
    }

    void reparent(RedisNode replica, RedisNode master) {
        // The servers tell each other of a new node only bit by bit; the command fails until this replica has heard of
        // this master.
        patience.await(
                replica + " to become a replica of " + master,
                "Is " + master + " a master, and is the replica without slots?",
                () -> {
                    try {
                        replica.command("CLUSTER", "REPLICATE", master.id());
                        return null;
                    } catch (RedisReplyException notYet) {
                        if (notYet.error().contains("Unknown node")) {
                            return notYet.headline();
                        }
                        throw notYet;
                    }
                });
    }

    void awaitFollows(RedisNode replica, RedisNode master) {
        patience.await(
                "all nodes to see that " + replica + " follows " + master,
                "The replica may be unable to load its master's data; the log of either says why.",
                agreement::complaint);
    }

    private static void requireReplica(RedisNode node) {
        if (node.role() != RedisNode.Role.REPLICA) {
            throw new RedisClusterException(node
                    + " is a master already; a failover needs one of its replicas. replicas() tells which they are.");
        }
    }
}
