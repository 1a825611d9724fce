package io.github.shardedpubsub.chaos;

import io.github.shardedpubsub.test.RedisCluster;
import io.github.shardedpubsub.test.RedisClusterException;
import io.github.shardedpubsub.test.RedisNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Makes the cluster whole: all nodes run and agree, each slot has an owner, and each owner a replica. */
final class Healing {

    private static final int ATTEMPTS = 4;

    private static final Duration AGREEMENT = Duration.ofSeconds(20);

    private static final Pattern SLOT_ON_ITS_WAY = Pattern.compile("\\[(\\d+)-[<>]-");

    private final ChaosCluster cluster;

    private final RedisCluster redis;

    private final FaultLog log;

    Healing(ChaosCluster cluster, FaultLog log) {
        this.cluster = cluster;
        this.redis = cluster.redis();
        this.log = log;
    }

    void heal() {
        for (int attempt = 1; ; attempt++) {
            try {
                healOnce();
                return;
            } catch (RedisClusterException notYet) {
                this.log.note("healing failed: "
                        + String.valueOf(notYet.getMessage())
                                .lines()
                                .findFirst()
                                .orElse(""));
                if (attempt == ATTEMPTS) {
                    throw notYet;
                }
            }
        }
    }

    private void healOnce() {
        for (RedisNode node : this.redis.nodes()) {
            if (node.isFrozen()) {
                this.log.note("healing: thawing " + node);
                node.thaw();
            } else if (!node.isAlive()) {
                this.log.note("healing: restarting " + node);
                node.restart();
            }
        }
        for (RedisNode node : this.redis.nodes()) {
            this.cluster.grant(node);
            node.command("CONFIG", "SET", "cluster-require-full-coverage", "no");
            if (alone(node)) {
                this.log.note("healing: rejoining " + node);
                this.redis.rejoin(node);
            }
        }
        // a node that imports a slot believes nobody about it: it would keep out of any agreement
        this.redis.masters().forEach(this::settleSlotsOnTheirWay);
        forgetClaimsNobodyMakes();
        giveOwners();
        this.redis.awaitAgreement(AGREEMENT);
        this.redis.masters().forEach(this::settleSlotsOnTheirWay);
        giveReplicas();
        this.redis.awaitAgreement(AGREEMENT);
    }

    private static boolean alone(RedisNode node) {
        return node.command("CLUSTER", "NODES")
                        .lines()
                        .filter(line -> !line.isBlank())
                        .count()
                == 1;
    }

    /** What a move left behind that ended half way. */
    private void settleSlotsOnTheirWay(RedisNode node) {
        String itself = node.command("CLUSTER", "NODES")
                .lines()
                .filter(line -> line.contains("myself"))
                .findFirst()
                .orElse("");
        Matcher onTheirWay = SLOT_ON_ITS_WAY.matcher(itself);
        while (onTheirWay.find()) {
            this.log.note("healing: slot " + onTheirWay.group(1) + " stays where it is at " + node);
            destroyed(Integer.parseInt(onTheirWay.group(1)));
            node.command("CLUSTER", "SETSLOT", onTheirWay.group(1), "STABLE");
        }
    }

    /**
     * A node that is not told when a slot is deleted takes the slot for its last owner's for ever, against a new owner of a lower
     * epoch too: the servers tell each other only what they own, never what they do not own any more.
     */
    private void forgetClaimsNobodyMakes() {
        Map<String, BitSet> claimed = new HashMap<>();
        List<RedisNode> nodes = this.redis.nodes();
        nodes.forEach(node -> claimed.put(node.id(), SlotClaims.of(node).own()));
        for (RedisNode node : nodes) {
            BitSet wrong = new BitSet();
            SlotClaims.of(node).slots().forEach((owner, slots) -> {
                BitSet unclaimed = (BitSet) slots.clone();
                unclaimed.andNot(claimed.getOrDefault(owner, new BitSet()));
                wrong.or(unclaimed);
            });
            for (int slot : wrong.stream().toArray()) {
                this.log.note("healing: slot " + slot + " is not whose " + node + " takes it for");
                destroyed(slot);
                node.command("CLUSTER", "DELSLOTS", Integer.toString(slot));
            }
        }
    }

    /** What was on its way stays where nobody looks for it. */
    private void destroyed(int slot) {
        BitSet slots = new BitSet();
        slots.set(slot);
        this.cluster.hazards().destroyed(slots);
    }

    private void giveOwners() {
        BitSet unowned = new BitSet();
        unowned.set(0, RedisCluster.SLOTS);
        List<RedisNode> masters = this.redis.masters();
        masters.forEach(master -> unowned.andNot(this.redis.slotsOf(master)));
        if (!unowned.isEmpty()) {
            int[] slots = unowned.stream().toArray();
            this.log.note("healing: " + slots.length + " slots have no owner: " + unowned);
            this.cluster.hazards().destroyed(unowned);
            this.redis.deleteSlots(slots);
            this.redis.addSlots(masters.get(0), slots);
        }
    }

    private void giveReplicas() {
        List<RedisNode> free = new ArrayList<>();
        List<RedisNode> without = new ArrayList<>();
        for (RedisNode master : this.redis.masters()) {
            List<RedisNode> replicas = this.redis.replicasOf(master);
            boolean serves = !this.redis.slotsOf(master).isEmpty();
            if (!serves && replicas.isEmpty() && this.redis.masters().size() > 4) {
                free.add(master);
            } else if (replicas.isEmpty()) {
                without.add(master);
            } else {
                free.addAll(replicas.subList(serves ? 1 : 0, replicas.size()));
            }
        }
        for (int i = 0; i < Math.min(without.size(), free.size()); i++) {
            this.log.note("healing: " + without.get(i) + " has no replica, " + free.get(i) + " becomes one");
            this.cluster.silences().end(ChaosCluster.address(free.get(i)), ChaosSettings.noticesSilentEnd());
            if (this.redis.masters().contains(free.get(i))) {
                // keys of slots that have gone elsewhere without them
                free.get(i).command("FLUSHALL");
            }
            this.redis.reparent(free.get(i), without.get(i));
        }
    }
}
