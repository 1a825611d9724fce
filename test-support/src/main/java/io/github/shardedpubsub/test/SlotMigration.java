package io.github.shardedpubsub.test;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Slots changing hands: the commands in their order, and the wait until all nodes have heard of it.
 *
 * <p>Not thread-safe: its cluster lets one operation in at a time.
 */
final class SlotMigration {

    private static final Logger log = LoggerFactory.getLogger(SlotMigration.class);

    // A batch's commands are all sent before the first reply is read: few enough for the replies to fit into the
    // socket's buffers.
    private static final int BATCH = 512;
    private static final int KEYS_AT_ONCE = 100;
    private static final Duration PATIENCE_WITH_GOSSIP = Duration.ofSeconds(2);
    private static final String MIGRATE_MILLIS = "5000";
    private static final String ADVICE =
            "Another move or failover may be under way, or a node cannot reach the others on the cluster bus.";

    private final Membership membership;
    private final Agreement agreement;
    private final Patience patience;
    private final String password;

    SlotMigration(Membership membership, Agreement agreement, Patience patience, String password) {
        this.membership = membership;
        this.agreement = agreement;
        this.patience = patience;
        this.password = password;
    }

    void move(int slot, RedisNode target, SlotMove order) {
        // Asked once for all that follows: it is the questions, not the commands, that a move's time goes into.
        Map<RedisNode, ClusterView> views = membership.views();
        RedisNode source = requireOwner(slot, membership.owner(slot, views));
        if (source == target) {
            return;
        }
        List<RedisNode> masters = Membership.masters(views);
        requireMaster(target, masters);
        if (order == SlotMove.GOSSIP_ONLY) {
            target.command("CLUSTER", "SETSLOT", text(slot), "IMPORTING", source.id());
            if (source.isAnswering()) {
                moveKeys(slot, source, target);
            }
            target.command("CLUSTER", "SETSLOT", text(slot), "NODE", target.id());
        } else {
            requireAnswering(source);
            target.command("CLUSTER", "SETSLOT", text(slot), "IMPORTING", source.id());
            source.command("CLUSTER", "SETSLOT", text(slot), "MIGRATING", target.id());
            moveKeys(slot, source, target);
            RedisNode first = order == SlotMove.TARGET_FIRST ? target : source;
            RedisNode second = first == target ? source : target;
            first.command("CLUSTER", "SETSLOT", text(slot), "NODE", target.id());
            second.command("CLUSTER", "SETSLOT", text(slot), "NODE", target.id());
            tellOthers(masters, List.of(slot), source, target);
        }
        awaitOwner(List.of(slot), target);
    }

    /** Moves all slots from the first to the last at one stroke; the servers must be able to. */
    void migrate(int first, int last, RedisNode target) {
        RedisNode source = requireOwner(first, membership.owner(first));
        String range = first + "-" + last;
        log.info("Migrating slots {} from {} to {}", range, source, target);
        source.command("CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", text(first), text(last), "NODE", target.id());
        patience.await(
                "slots " + range + " to be migrated to " + target,
                "The source's log may say what keeps it from handing over.",
                () -> unfinished(source, range));
        awaitOwner(IntStream.rangeClosed(first, last).boxed().toList(), target);
    }

    /** That a range is still on its way, or null once it is not. */
    private static @Nullable String unfinished(RedisNode source, String range) {
        // the newest comes first
        if (source.reply("CLUSTER", "GETSLOTMIGRATIONS") instanceof List<?> migrations) {
            for (Object migration : migrations) {
                if (migration instanceof List<?> fields && range.equals(field(fields, "slot_ranges"))) {
                    String state = field(fields, "state");
                    if (state.equals("failed") || state.equals("canceled")) {
                        throw new RedisClusterException("The migration of slots " + range + " from " + source + " is "
                                + state + ": " + field(fields, "message") + source.evidence());
                    }
                    return state.equals("success") ? null : "its state is '" + state + "'";
                }
            }
        }
        return source + " knows of no migration of slots " + range;
    }

    private static String field(List<?> namesAndValues, String name) {
        int at = namesAndValues.indexOf(name);
        return at < 0 ? "" : String.valueOf(namesAndValues.get(at + 1));
    }

    void assignAgain(int slot) {
        RedisNode owner = requireOwner(slot, membership.owner(slot));
        owner.command("CLUSTER", "SETSLOT", text(slot), "NODE", owner.id());
        awaitOwner(List.of(slot), owner);
    }

    void delete(Collection<Integer> slots) {
        for (int slot : slots) {
            RedisNode owner = membership.owner(slot);
            // The owner first: while it claims the slot, each of its heartbeats makes the others believe it again.
            if (owner != null && owner.isAnswering()) {
                owner.command("CLUSTER", "DELSLOTS", text(slot));
            }
        }
        patience.await("slots " + slots + " to be nobody's on all nodes", ADVICE, () -> {
            // Again and again, since a heartbeat sent before may arrive after.
            for (Map.Entry<RedisNode, ClusterView> entry : membership.views().entrySet()) {
                for (int slot : slots) {
                    if (entry.getValue().owner(slot) != null) {
                        entry.getKey().command("CLUSTER", "DELSLOTS", text(slot));
                    }
                }
            }
            return agreement.complaintAbout(slots, null);
        });
    }

    void add(RedisNode node, Collection<Integer> slots) {
        List<RedisNode> masters = membership.masters();
        requireMaster(node, masters);
        List<String> command = new ArrayList<>(List.of("CLUSTER", "ADDSLOTS"));
        slots.forEach(slot -> command.add(text(slot)));
        node.command(command.toArray(String[]::new));
        tellOthers(masters, slots, node, node);
        awaitOwner(slots, node);
    }

    /**
     * Moves all slots of a master to the others, in the order of {@link SlotMove#TARGET_FIRST}, but hundreds at a time.
     */
    void drain(RedisNode source) {
        BitSet slots = source.view().own().slots();
        List<RedisNode> masters = membership.masters();
        List<RedisNode> targets = new ArrayList<>(masters);
        targets.remove(source);
        if (targets.isEmpty()) {
            throw new RedisClusterException(
                    "There is no other master to take the slots of " + source + ". addNode() makes one.");
        }
        long start = System.nanoTime();
        List<Integer> all = slots.stream().boxed().toList();
        log.info("Draining {}: {} slots to {}", source, all.size(), targets);
        int share = (all.size() + targets.size() - 1) / targets.size();
        for (int i = 0; i * share < all.size(); i++) {
            List<Integer> part = all.subList(i * share, Math.min(all.size(), (i + 1) * share));
            moveAll(part, source, targets.get(i), masters);
            log.info("{} slots of {} are at {} now", part.size(), source, targets.get(i));
        }
        log.info("Drained {} within {} ms", source, TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start));
    }

    private void moveAll(List<Integer> slots, RedisNode source, RedisNode target, List<RedisNode> masters) {
        for (int from = 0; from < slots.size(); from += BATCH) {
            List<Integer> batch = slots.subList(from, Math.min(slots.size(), from + BATCH));
            setSlots(target, batch, "IMPORTING", source);
            setSlots(source, batch, "MIGRATING", target);
            for (int slot : withKeys(batch, source)) {
                moveKeys(slot, source, target);
            }
            setSlots(target, batch, "NODE", target);
            setSlots(source, batch, "NODE", target);
            tellOthers(masters, batch, source, target);
            awaitOwner(batch, target);
        }
    }

    private static void setSlots(RedisNode node, Collection<Integer> slots, String state, RedisNode other) {
        List<List<String>> commands = slots.stream()
                .map(slot -> List.of("CLUSTER", "SETSLOT", text(slot), state, other.id()))
                .toList();
        if (commands.size() == 1) {
            node.call(StandardCharsets.UTF_8, commands);
        } else {
            node.callSpread(commands);
        }
    }

    private static List<Integer> withKeys(List<Integer> slots, RedisNode source) {
        List<@Nullable Object> counts = source.call(
                StandardCharsets.UTF_8,
                slots.stream()
                        .map(slot -> List.of("CLUSTER", "COUNTKEYSINSLOT", text(slot)))
                        .toList());
        List<Integer> withKeys = new ArrayList<>();
        for (int i = 0; i < counts.size(); i++) {
            if (RedisNode.number(counts.get(i)) > 0) {
                withKeys.add(slots.get(i));
            }
        }
        return withKeys;
    }

    private void moveKeys(int slot, RedisNode source, RedisNode target) {
        while (true) {
            // Keys are bytes, and Latin-1 is the character set that gives every byte back as it was.
            Object keys = source.call(
                            StandardCharsets.ISO_8859_1,
                            List.of(List.of("CLUSTER", "GETKEYSINSLOT", text(slot), text(KEYS_AT_ONCE))))
                    .get(0);
            if (!(keys instanceof List<?> some) || some.isEmpty()) {
                return;
            }
            List<String> migrate =
                    new ArrayList<>(List.of("MIGRATE", target.host(), text(target.port()), "", "0", MIGRATE_MILLIS));
            if (!password.isEmpty()) {
                migrate.addAll(List.of("AUTH", password));
            }
            // a key of that name is a leftover: what the target has in a slot that is not its own nobody can reach
            migrate.add("REPLACE");
            migrate.add("KEYS");
            some.forEach(key -> migrate.add(String.valueOf(key)));
            source.call(StandardCharsets.ISO_8859_1, List.of(migrate));
        }
    }

    /** Spares the other masters the wait for a heartbeat. Replicas are not told: they refuse SETSLOT. */
    private static void tellOthers(
            List<RedisNode> masters, Collection<Integer> slots, RedisNode source, RedisNode target) {
        for (RedisNode other : masters) {
            if (other != source && other != target) {
                setSlots(other, slots, "NODE", target);
            }
        }
    }

    private void awaitOwner(Collection<Integer> slots, RedisNode owner) {
        String complaint = patience.within(PATIENCE_WITH_GOSSIP).poll(() -> agreement.complaintAbout(slots, owner));
        if (complaint == null) {
            return;
        }
        // A claim on a slot counts by its owner's epoch. One that is not the newest can lose to an older claim that was
        // still on its way, and if
        // that one's node has given the slot up meanwhile, nobody claims it ever again, and each takes another for the
        // owner.
        log.warn("Giving {} a new epoch, since its claim on slots does not get through: {}", owner, complaint);
        owner.command("CLUSTER", "BUMPEPOCH");
        String which = slots.size() == 1 ? "slot " + slots.iterator().next() : slots.size() + " slots";
        patience.await(
                "all nodes to agree that " + owner + " owns " + which,
                ADVICE,
                () -> agreement.complaintAbout(slots, owner));
    }

    private static RedisNode requireOwner(int slot, @Nullable RedisNode owner) {
        if (owner == null) {
            throw new RedisClusterException(
                    "Slot " + slot + " has no owner, so it can be neither moved nor assigned again. addSlots(node, "
                            + slot + ") gives it one.");
        }
        return owner;
    }

    private static void requireMaster(RedisNode node, List<RedisNode> masters) {
        requireAnswering(node);
        if (!masters.contains(node)) {
            throw new RedisClusterException(
                    node + " is a replica, and only a master can own slots. masters() tells which are.");
        }
    }

    private static void requireAnswering(RedisNode node) {
        if (!node.isAnswering()) {
            throw new RedisClusterException(node
                    + " must be told of the slot's move, but does not run or is frozen. restart() or thaw() it first.");
        }
    }

    private static String text(int number) {
        return Integer.toString(number);
    }
}
