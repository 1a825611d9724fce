package io.github.shardedpubsub.chaos;

import io.github.shardedpubsub.chaos.Fault.Account;
import io.github.shardedpubsub.chaos.Fault.NotNow;
import io.github.shardedpubsub.chaos.HistoryHazards.Kind;
import io.github.shardedpubsub.test.RedisCluster;
import io.github.shardedpubsub.test.RedisNode;
import io.github.shardedpubsub.test.ServerTrait;
import io.github.shardedpubsub.test.SlotMove;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/** Slots that move, are assigned again, or belong to nobody for a while. */
final class SlotFaults {

    private static final int WIDEST_RANGE = 500;

    private final ChaosCluster cluster;

    private final List<? extends Ledger> ledgers;

    /** Whether nothing may be taken from a history. */
    private final boolean lossless;

    SlotFaults(ChaosCluster cluster, List<? extends Ledger> ledgers, boolean lossless) {
        this.cluster = cluster;
        this.ledgers = ledgers;
        this.lossless = lossless;
    }

    void addTo(Map<FaultKind, Fault> faults) {
        faults.put(FaultKind.MOVE, resting(this::move));
        faults.put(FaultKind.MOVE_THERE_AND_BACK, resting(this::moveThereAndBack));
        faults.put(FaultKind.MOVE_MANY, resting(this::moveMany));
        faults.put(FaultKind.MIGRATE, resting(this::migrate));
        faults.put(FaultKind.ASSIGN_AGAIN, resting(this::assignAgain));
        faults.put(FaultKind.DELETE_AND_ADD, resting(this::deleteAndAdd));
        faults.put(FaultKind.CLUSTER_FAILS, resting(this::clusterFails));
    }

    private Fault resting(Fault fault) {
        return (dice, account) -> this.cluster.whileSlotsRest(() -> fault.strike(dice, account));
    }

    private int anySlot(Random dice) {
        Ledger ledger = this.ledgers.get(dice.nextInt(this.ledgers.size()));
        return RedisCluster.slot(ledger.channel().toString());
    }

    private SlotMove anyOrder(Random dice) {
        SlotMove[] orders = SlotMove.values();
        SlotMove order = orders[dice.nextInt(orders.length)];
        return this.lossless && order == SlotMove.GOSSIP_ONLY ? SlotMove.TARGET_FIRST : order;
    }

    private void move(int slot, RedisNode target, SlotMove order) {
        this.cluster
                .hazards()
                .during(
                        order == SlotMove.GOSSIP_ONLY ? Kind.DESTRUCTION : Kind.MOVE,
                        () -> set(slot),
                        () -> this.cluster.redis().moveSlot(slot, target, order));
    }

    private static BitSet set(int... slots) {
        BitSet set = new BitSet();
        IntStream.of(slots).forEach(set::set);
        return set;
    }

    private RedisNode otherMaster(RedisNode owner, Random dice) {
        List<RedisNode> others = this.cluster.redis().masters().stream()
                .filter(master -> master != owner)
                .toList();
        return ChaosCluster.any(others, dice, "other master");
    }

    private RedisNode answeringOwner(int slot) {
        RedisNode owner = this.cluster.redis().owner(slot);
        if (!owner.isAlive() || owner.isFrozen()) {
            throw new NotNow("the owner of slot " + slot + " does not answer");
        }
        return owner;
    }

    private void move(Random dice, Account account) {
        int slot = anySlot(dice);
        SlotMove order = anyOrder(dice);
        RedisNode owner = answeringOwner(slot);
        RedisNode target = otherMaster(owner, dice);
        account.note(slot + " from " + owner + " to " + target + ", " + order);
        move(slot, target, order);
    }

    private void moveThereAndBack(Random dice, Account account) {
        int slot = anySlot(dice);
        SlotMove there = anyOrder(dice);
        SlotMove back = anyOrder(dice);
        RedisNode owner = answeringOwner(slot);
        RedisNode target = otherMaster(owner, dice);
        account.note(slot + " from " + owner + " to " + target + ", " + there + ", and back, " + back);
        move(slot, target, there);
        move(slot, owner, back);
    }

    private void moveMany(Random dice, Account account) {
        int count = 3 + dice.nextInt(8);
        for (int i = 0; i < count; i++) {
            move(dice, account);
        }
    }

    /** A range around a slot with channels, at one stroke. */
    private void migrate(Random dice, Account account) {
        RedisCluster redis = this.cluster.redis();
        if (!redis.has(ServerTrait.MIGRATES_SLOTS_ATOMICALLY)) {
            throw new NotNow(redis.serverVersion() + " moves slots one by one only");
        }
        int slot = anySlot(dice);
        RedisNode owner = answeringOwner(slot);
        RedisNode target = otherMaster(owner, dice);
        BitSet owned = redis.slotsOf(owner);
        int widest = 1 + dice.nextInt(WIDEST_RANGE);
        int first = Math.max(owned.previousClearBit(slot) + 1, slot - widest / 2);
        int last = Math.min(owned.nextClearBit(slot) - 1, first + widest - 1);
        account.note(first + " to " + last + " from " + owner + " to " + target);
        BitSet range = new BitSet();
        range.set(first, last + 1);
        this.cluster.hazards().during(Kind.MOVE, () -> range, () -> redis.migrateSlots(first, last, target));
    }

    private void assignAgain(Random dice, Account account) {
        int[] slots = slots(dice, 1 + dice.nextInt(10));
        account.note(text(slots) + " to their owners");
        for (int slot : slots) {
            answeringOwner(slot);
            this.cluster.redis().assignAgain(slot);
        }
    }

    private void deleteAndAdd(Random dice, Account account) {
        if (this.cluster.answering().size() < this.cluster.redis().nodes().size()) {
            throw new NotNow("a node that does not answer would not learn that slots are deleted");
        }
        int[] slots = slots(dice, 1 + dice.nextInt(5));
        account.note(text(slots) + " deleted");
        this.cluster.hazards().during(Kind.DESTRUCTION, () -> set(slots), () -> {
            this.cluster.redis().deleteSlots(slots);
            ChaosCluster.last(ChaosCluster.millis(dice, 200, 2_500));
            RedisNode owner = ChaosCluster.any(this.cluster.redis().masters(), dice, "master");
            account.note(text(slots) + " added to " + owner);
            this.cluster.redis().addSlots(owner, slots);
        });
    }

    /** A single slot without an owner, and all nodes refuse to serve any. */
    private void clusterFails(Random dice, Account account) {
        List<RedisNode> told = this.cluster.answering();
        told.forEach(node -> node.command("CONFIG", "SET", "cluster-require-full-coverage", "yes"));
        try {
            deleteAndAdd(dice, account);
        } finally {
            told.stream()
                    .filter(this.cluster.answering()::contains)
                    .forEach(node -> node.command("CONFIG", "SET", "cluster-require-full-coverage", "no"));
        }
    }

    private int[] slots(Random dice, int count) {
        return IntStream.range(0, count).map(i -> anySlot(dice)).distinct().toArray();
    }

    private static String text(int[] slots) {
        return IntStream.of(slots).boxed().toList().toString();
    }
}
