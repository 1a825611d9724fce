package io.github.shardedpubsub.chaos;

import io.github.shardedpubsub.chaos.Fault.Account;
import io.github.shardedpubsub.chaos.Fault.NotNow;
import io.github.shardedpubsub.chaos.HistoryHazards.Kind;
import io.github.shardedpubsub.test.RedisCluster;
import io.github.shardedpubsub.test.RedisClusterException;
import io.github.shardedpubsub.test.RedisNode;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Nodes that die, freeze, change their roles, leave and come. A shard without a replica is spared. */
final class NodeFaults {

    private static final Duration PROMOTION = Duration.ofSeconds(15);

    private static final int MOST_RESETS = 20;

    private final ChaosCluster cluster;

    private final RedisCluster redis;

    NodeFaults(ChaosCluster cluster) {
        this.cluster = cluster;
        this.redis = cluster.redis();
    }

    void addTo(Map<FaultKind, Fault> faults) {
        faults.put(FaultKind.DRAIN, this::drain);
        faults.put(FaultKind.REPLACE_NODE, this::replaceNode);
        faults.put(FaultKind.FAILOVER, this::failover);
        faults.put(FaultKind.FORCED_FAILOVER, this::forcedFailover);
        faults.put(FaultKind.KILL_MASTER, this::killMaster);
        faults.put(FaultKind.KILL_REPLICA, this::killReplica);
        faults.put(FaultKind.REPARENT_REPLICA, this::reparentReplica);
        faults.put(FaultKind.RESET_REPLICA, this::resetReplica);
        faults.put(FaultKind.RESET_MASTER, this::resetMaster);
        faults.put(FaultKind.FREEZE, this::freeze);
    }

    /** A master with slots and a replica to stand in for it. */
    private record Shard(RedisNode master, RedisNode replica) {

        @Override
        public String toString() {
            return this.master + " with " + this.replica;
        }
    }

    private Shard anyShard(Random dice) {
        List<Shard> shards = this.cluster.mastersWithSlots().stream()
                .filter(this.cluster::isRested)
                .flatMap(master -> this.redis.replicasOf(master).stream()
                        .filter(this.cluster::isRested)
                        .filter(NodeFaults::hasLink)
                        .limit(1)
                        .map(replica -> new Shard(master, replica)))
                .toList();
        Shard shard = ChaosCluster.any(shards, dice, "shard that has rested and a replica in it");
        this.cluster.tire(shard.master());
        this.cluster.tire(shard.replica());
        return shard;
    }

    /** Those of either node: of a master that does not answer now, those that it had before. */
    private BitSet slots(Shard shard) {
        BitSet slots = new BitSet();
        for (RedisNode node : List.of(shard.master(), shard.replica())) {
            try {
                slots.or(this.redis.slotsOf(node));
            } catch (RedisClusterException doesNotAnswer) {
                // the other one does
            }
        }
        return slots;
    }

    private static boolean hasLink(RedisNode replica) {
        return replica.command("INFO", "replication").contains("master_link_status:up");
    }

    private RedisNode anyReplica(Random dice) {
        List<RedisNode> replicas =
                this.redis.replicas().stream().filter(this.cluster::isRested).toList();
        RedisNode replica = ChaosCluster.any(replicas, dice, "replica that has rested");
        this.cluster.tire(replica);
        return replica;
    }

    private RedisNode masterOf(RedisNode replica) {
        return this.redis.masters().stream()
                .filter(master -> this.redis.replicasOf(master).contains(replica))
                .findFirst()
                .orElseThrow(() -> new NotNow(replica + " has no master that answers"));
    }

    private RedisNode otherMasterWithSlots(RedisNode excluded, Random dice) {
        List<RedisNode> others = this.cluster.mastersWithSlots().stream()
                .filter(master -> master != excluded)
                .toList();
        return ChaosCluster.any(others, dice, "other master with slots");
    }

    private void failover(Random dice, Account account) {
        Shard shard = anyShard(dice);
        account.note(shard.toString());
        this.cluster.hazards().during(Kind.HANDOVER, () -> slots(shard), () -> this.redis.failover(shard.replica()));
    }

    private void forcedFailover(Random dice, Account account) {
        Shard shard = anyShard(dice);
        account.note(shard.toString());
        this.cluster
                .hazards()
                .during(Kind.FAILOVER, () -> slots(shard), () -> this.redis.forceFailover(shard.replica()));
    }

    private void killMaster(Random dice, Account account) {
        Shard shard = anyShard(dice);
        account.note(shard.toString());
        BitSet slots = slots(shard);
        this.cluster.hazards().during(Kind.FAILOVER, () -> slots, () -> {
            shard.master().kill();
            boolean promoted =
                    ChaosCluster.await(PROMOTION, () -> shard.replica().role() == RedisNode.Role.MASTER);
            account.note((promoted ? "promoted: " : "not promoted: ") + shard.replica());
            ChaosCluster.last(ChaosCluster.millis(dice, 0, 1_000));
            shard.master().restart();
            if (!promoted) {
                // it comes back with nothing
                this.cluster.hazards().destroyed(slots);
            }
        });
        this.cluster.tire(shard.master());
        this.cluster.tire(shard.replica());
    }

    private void killReplica(Random dice, Account account) {
        RedisNode replica = anyReplica(dice);
        account.note(replica.toString());
        replica.kill();
        ChaosCluster.last(ChaosCluster.millis(dice, 100, 3_000));
        replica.restart();
    }

    private void reparentReplica(Random dice, Account account) {
        RedisNode replica = anyReplica(dice);
        RedisNode master = otherMasterWithSlots(masterOf(replica), dice);
        account.note(replica + " to " + master);
        silent(replica);
        this.redis.reparent(replica, master);
        this.cluster.tire(replica);
    }

    private void silent(RedisNode node) {
        this.cluster.silences().end(ChaosCluster.address(node), ChaosSettings.noticesSilentEnd());
    }

    private void resetReplica(Random dice, Account account) {
        RedisNode replica = anyReplica(dice);
        RedisNode master = masterOf(replica);
        account.note(replica.toString());
        silent(replica);
        this.redis.reset(replica);
        // a subscription that died silently must not be brought to life before it has been found dead
        ChaosCluster.last(ChaosSettings.noticesSilentEnd());
        this.redis.rejoin(replica);
        this.redis.reparent(replica, master);
        this.cluster.tire(replica);
    }

    private void resetMaster(Random dice, Account account) {
        Shard shard = anyShard(dice);
        account.note(shard.toString());
        this.cluster.whileSlotsRest(() -> {
            BitSet slots = slots(shard);
            this.cluster.hazards().during(Kind.DESTRUCTION, () -> slots, () -> {
                silent(shard.master());
                resetWithoutKeys(shard.master());
                ChaosCluster.last(ChaosCluster.millis(dice, 0, 1_000));
                this.redis.forceFailover(shard.replica());
            });
        });
        ChaosCluster.last(ChaosSettings.noticesSilentEnd());
        this.redis.rejoin(shard.master());
        this.redis.reparent(shard.master(), shard.replica());
        this.cluster.tire(shard.master());
        this.cluster.tire(shard.replica());
    }

    /** A server refuses that while it has a key, and there can be a new one at any time. */
    private void resetWithoutKeys(RedisNode master) {
        for (int attempt = 1; ; attempt++) {
            master.command("FLUSHALL");
            try {
                this.redis.reset(master);
                return;
            } catch (RedisClusterException thereIsAKey) {
                if (attempt == MOST_RESETS) {
                    throw thereIsAKey;
                }
            }
        }
    }

    private void freeze(Random dice, Account account) {
        Shard shard = anyShard(dice);
        RedisNode node = dice.nextInt(3) > 0 ? shard.master() : shard.replica();
        account.note(node + " of " + shard);
        Duration noticed = ChaosSettings.noticesFrozenNode();
        this.cluster.hazards().during(Kind.FAILOVER, () -> slots(shard), () -> {
            this.cluster.whileSlotsRest(() -> {
                BitSet slots = this.redis.slotsOf(shard.master());
                this.cluster.silences().freeze(ChaosCluster.address(node), slots, noticed);
                node.freeze();
            });
            ChaosCluster.last(noticed.plus(ChaosCluster.millis(dice, 0, 1_000)));
            node.thaw();
            this.cluster.silences().thaw(ChaosCluster.address(node));
        });
        account.note("thawed " + node);
        this.cluster.tire(shard.master());
        this.cluster.tire(shard.replica());
    }

    private void drain(Random dice, Account account) {
        RedisNode master = ChaosCluster.any(this.cluster.mastersWithSlots(), dice, "master with slots");
        if (this.cluster.mastersWithSlots().size() < 4) {
            throw new NotNow("fewer than four masters have slots");
        }
        account.note(master.toString());
        drain(master);
    }

    private void drain(RedisNode master) {
        BitSet slots = this.redis.slotsOf(master);
        this.cluster.hazards().during(Kind.MOVE, () -> slots, () -> this.redis.drain(master));
    }

    /** A node that nobody has heard of takes slots; another one gives all of its away and is gone for good. */
    private void replaceNode(Random dice, Account account) {
        Shard shard = anyShard(dice);
        RedisNode added = this.redis.addNode();
        this.cluster.tire(added);
        account.note(shard.master() + " by " + added);
        drain(shard.master());
        for (RedisNode replica : this.redis.replicasOf(shard.master())) {
            silent(replica);
            this.redis.reparent(replica, added);
            this.cluster.tire(replica);
        }
        this.redis.forget(shard.master());
        account.note("gone: " + shard.master());
    }
}
