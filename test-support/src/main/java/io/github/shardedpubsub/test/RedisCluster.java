package io.github.shardedpubsub.test;

import io.lettuce.core.cluster.SlotHash;
import java.nio.file.Path;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Redis Cluster of real server processes on loopback ports, with the things at hand that happen to clusters: moved slots, failovers, dead and
 * frozen nodes, lost connections.
 *
 * <pre>{@code
 * try (RedisCluster cluster = RedisCluster.start(3, 1)) {
 *     RedisNode owner = cluster.owner(RedisCluster.slot("orders"));
 *     cluster.moveSlot(RedisCluster.slot("orders"), cluster.otherMaster(owner));
 * }
 * }</pre>
 *
 * <p>Every operation returns when the servers show its effect, or throws a {@link RedisClusterException} when the time for an operation is up.
 * {@link #close()} ends all servers; where it is not called, the end of the JVM does, unless the JVM is itself killed or crashes.
 *
 * <p>Thread-safe: what changes the cluster goes one after another; questions do not wait for it. The servers are asked anew by each question,
 * roles and owners are never remembered.
 */
public final class RedisCluster implements AutoCloseable {

    /** How many slots a cluster has, 16384: they are numbered from 0 to 16383. */
    public static final int SLOTS = SlotHash.SLOT_COUNT;

    private static final Logger log = LoggerFactory.getLogger(RedisCluster.class);

    private final ReentrantLock operations = new ReentrantLock();
    private final AtomicBoolean closed = new AtomicBoolean();
    private final Thread shutdownHook = new Thread(this::end, "redis-cluster-shutdown");
    private final Membership membership = new Membership();
    private final Agreement agreement = new Agreement(membership);
    private final ServerHost host;
    private final ServerAccess access;
    private final Patience patience;
    private final SlotMigration migration;
    private final Replication replication;
    private final Formation formation;

    RedisCluster(ServerHost host, Duration operationTimeout, List<String> configuration, ServerAccess access) {
        this.host = host;
        this.access = access;
        this.patience = new Patience(operationTimeout, membership::evidence, closed::get);
        this.migration = new SlotMigration(membership, agreement, patience, access.password());
        this.replication = new Replication(membership, agreement, patience);
        try {
            Runtime.getRuntime().addShutdownHook(shutdownHook);
            NodeFactory factory = new NodeFactory(host, configuration, access);
            this.formation = new Formation(membership, agreement, replication, patience, factory);
        } catch (RuntimeException cannotRun) {
            close();
            throw cannotRun;
        }
    }

    /**
     * Starts a cluster with the default settings, and waits until it serves all slots.
     *
     * @param masters from 1
     * @param replicasPerMaster from 0
     * @throws RedisClusterException if a server cannot be run, or the cluster is not ready in time; nothing is left running then
     */
    public static RedisCluster start(int masters, int replicasPerMaster) {
        return builder().masters(masters).replicas(replicasPerMaster).start();
    }

    /** A cluster to be configured before it starts: three masters without replicas, unless said otherwise. */
    public static RedisClusterBuilder builder() {
        return new RedisClusterBuilder(null);
    }

    /**
     * As {@link #builder()}, with servers that run in containers: the same ports of the loopback address, the same operations. It takes Docker, with
     * its ports on this machine, and the optional dependency {@code org.testcontainers:testcontainers}.
     *
     * <p>The ports are bound by Docker itself: a connection to a server that does not run is not refused, but accepted and ended at once.
     * {@value RedisClusterBuilder#SPARE_PORTS} nodes can be added.
     *
     * @param image of Redis or Valkey, 7 or later, such as {@code redis:8.0}: what it runs when only options are given is the server
     */
    public static RedisClusterBuilder containers(String image) {
        return new RedisClusterBuilder(image);
    }

    void form(int masters, int replicasPerMaster) {
        long start = System.nanoTime();
        log.info(
                "Starting a cluster of {} masters with {} replicas each: {} in {}",
                masters,
                replicasPerMaster,
                host.version(),
                host);
        try {
            operate(() -> {
                formation.form(masters, replicasPerMaster);
                awaitAgreement(patience.limit());
            });
        } catch (RuntimeException failed) {
            close();
            throw failed;
        }
        log.info(
                "The cluster is ready after {} ms: {}",
                TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start),
                addresses());
    }

    // ---- who is who

    /** All nodes, those that do not run included, in the order in which they were added. */
    public List<RedisNode> nodes() {
        return membership.all();
    }

    /** The nodes that answer and call themselves masters, with slots or without. */
    public List<RedisNode> masters() {
        return membership.masters();
    }

    /** The nodes that answer and call themselves replicas. */
    public List<RedisNode> replicas() {
        return membership.replicas();
    }

    /** The nodes that answer and call themselves replicas of the given one. */
    public List<RedisNode> replicasOf(RedisNode master) {
        return membership.replicasOf(master);
    }

    /**
     * A node by its id.
     *
     * @param id 40 hexadecimal digits
     * @throws RedisClusterException if there is none
     */
    public RedisNode node(String id) {
        return membership.byId(id);
    }

    /** The addresses of all nodes, {@code 127.0.0.1:port} each, as {@code spring.data.redis.cluster.nodes} takes them. */
    public List<String> addresses() {
        return nodes().stream().map(RedisNode::address).toList();
    }

    /** What the servers ask of clients, or an empty text. */
    String password() {
        return access.password();
    }

    /**
     * The identity that the servers were started with, whose certificate their clients have to trust.
     *
     * @return null if they do not speak TLS
     */
    public @Nullable TlsIdentity tlsIdentity() {
        return access.identity();
    }

    /**
     * Where the servers' folders are; it is deleted by {@link #close()}.
     *
     * @throws UnsupportedOperationException if they run in containers
     */
    public Path folder() {
        return host.folder();
    }

    /** The servers' program and version as it gives it itself, such as {@code Redis 7.0.15}. */
    public String serverVersion() {
        return host.version();
    }

    /** Whether the servers of this cluster have a trait in which servers differ. */
    public boolean has(ServerTrait trait) {
        return trait.isOf(serverVersion());
    }

    /**
     * The node that owns a slot: the one that says so itself, or, where it does not answer, the one the others take for it.
     *
     * @param slot from 0 to 16383
     * @throws RedisClusterException if nobody owns it
     */
    public RedisNode owner(int slot) {
        Slots.require(slot);
        RedisNode owner = membership.owner(slot);
        if (owner == null) {
            throw new RedisClusterException("Slot " + slot
                    + " has no owner. It was deleted, or the cluster is not whole; addSlots gives it one.");
        }
        return owner;
    }

    /**
     * The slots a node says it owns, each from 0 to 16383.
     *
     * @throws RedisClusterException if it does not answer
     */
    public BitSet slotsOf(RedisNode node) {
        return node.view().own().slots();
    }

    /**
     * A master other than the given node, one with slots if there is one.
     *
     * @throws RedisClusterException if there is no other
     */
    public RedisNode otherMaster(RedisNode node) {
        return membership.otherMaster(node);
    }

    /**
     * The slot of a channel or key, from 0 to 16383: of the part in braces alone, where it has one.
     */
    public static int slot(String channel) {
        return SlotHash.getSlot(channel);
    }

    /**
     * The first of prefix-0, prefix-1 and so on that lies in the slot.
     *
     * @param slot from 0 to 16383
     * @param prefix without a part in braces, which alone would decide the slot
     */
    public static String channelInSlot(int slot, String prefix) {
        Slots.require(slot);
        BitSet slots = new BitSet();
        slots.set(slot);
        return Slots.channelIn(slots, prefix);
    }

    /**
     * The first of prefix-0, prefix-1 and so on whose slot is owned by the node now.
     *
     * @param prefix without a part in braces, which alone would decide the slot
     * @throws RedisClusterException if the node owns no slot, or does not answer
     */
    public String channelOwnedBy(RedisNode node, String prefix) {
        BitSet slots = slotsOf(node);
        if (slots.isEmpty()) {
            throw new RedisClusterException(
                    node + " owns no slot, so no channel can be its. It is a replica, or was drained.");
        }
        return Slots.channelIn(slots, prefix);
    }

    // ---- slots

    /**
     * Moves a slot with its keys, in the order of {@code redis-cli}: see {@link SlotMove#TARGET_FIRST}.
     *
     * @param slot from 0 to 16383
     * @param target the master to own it; nothing happens if it does already
     */
    public void moveSlot(int slot, RedisNode target) {
        moveSlot(slot, target, SlotMove.TARGET_FIRST);
    }

    /**
     * Moves a slot with its keys, and waits until all nodes know: moves may follow each other at once.
     *
     * @param slot from 0 to 16383
     * @param target the master to own it; nothing happens if it does already
     * @param order whom to tell when
     */
    public void moveSlot(int slot, RedisNode target, SlotMove order) {
        Slots.require(slot);
        operate(() -> migration.move(slot, target, order));
    }

    /**
     * Moves a range of slots with their keys at one stroke ({@code CLUSTER MIGRATESLOTS}), and waits until all nodes know. Until then the source
     * serves them all, from then on the target does, and all shard subscriptions in the range are ended at once.
     *
     * @param firstSlot from 0 to 16383
     * @param lastSlot the last of the range, included
     * @param target the master to own them
     * @throws RedisClusterException if the servers cannot do that: see {@link ServerTrait#MIGRATES_SLOTS_ATOMICALLY}
     * @throws RedisReplyException if not all of the slots are of one other master
     */
    public void migrateSlots(int firstSlot, int lastSlot, RedisNode target) {
        Slots.require(firstSlot);
        Slots.require(lastSlot);
        if (!has(ServerTrait.MIGRATES_SLOTS_ATOMICALLY)) {
            throw new RedisClusterException(serverVersion()
                    + " does not move slots at one stroke; Valkey 9 and later does. moveSlot() moves them one by one.");
        }
        operate(() -> migration.migrate(firstSlot, lastSlot, target));
    }

    /**
     * Tells a slot's owner once more that it is the owner, and waits until all nodes agree: nothing moves, but servers end all its shard
     * subscriptions.
     *
     * @param slot from 0 to 16383
     */
    public void assignAgain(int slot) {
        Slots.require(slot);
        operate(() -> migration.assignAgain(slot));
    }

    /**
     * Leaves slots without an owner, on all nodes. With {@code cluster-require-full-coverage} (the default) the cluster serves nothing then.
     *
     * @param slots each from 0 to 16383
     */
    public void deleteSlots(int... slots) {
        List<Integer> all = Slots.list(slots);
        operate(() -> migration.delete(all));
    }

    /**
     * Gives slots that nobody owns to a master.
     *
     * @param slots each from 0 to 16383
     * @throws RedisReplyException if one of them has an owner
     */
    public void addSlots(RedisNode master, int... slots) {
        List<Integer> all = Slots.list(slots);
        operate(() -> migration.add(master, all));
    }

    /**
     * Moves all slots of a master to the other masters, an even share to each, hundreds at a time. The progress is logged.
     */
    public void drain(RedisNode master) {
        operate(() -> migration.drain(master));
    }

    // ---- shards

    /**
     * Lets a replica take the place of its master, which hands over in an orderly way ({@code CLUSTER FAILOVER}). One soon
     * after another in the same shard takes up to four times the node time-out and some seconds, since the masters and the replica itself do not
     * hold an election sooner.
     *
     * @throws RedisReplyException if the master does not answer its replica: {@link #forceFailover} is for that
     */
    public void failover(RedisNode replica) {
        operate(() -> replication.failover(replica));
    }

    /**
     * Lets a replica take the place of its master without asking anybody ({@code CLUSTER FAILOVER TAKEOVER}): works whether the master, or most
     * masters, are alive or not, and at once after another failover.
     */
    public void forceFailover(RedisNode replica) {
        operate(() -> replication.forceFailover(replica));
    }

    /**
     * Gives a replica another master ({@code CLUSTER REPLICATE}), or makes a master without slots a replica.
     */
    public void reparent(RedisNode replica, RedisNode master) {
        operate(() -> {
            replication.reparent(replica, master);
            replication.awaitFollows(replica, master);
        });
    }

    // ---- nodes

    /**
     * Starts another server and lets it join, as a master without slots.
     */
    public RedisNode addNode() {
        return operate(formation::addOne);
    }

    /**
     * Removes a node: all others forget it ({@code CLUSTER FORGET}), its process ends, and it is none of {@link #nodes()} any more.
     *
     * @throws RedisClusterException if it owns slots or has replicas: {@link #drain} and {@link #reparent} are for that
     */
    public void forget(RedisNode node) {
        operate(() -> formation.forget(node));
    }

    /**
     * Resets a node ({@code CLUSTER RESET SOFT}): it forgets all others and its slots, and is a master alone, though the others still know it. It
     * does not count for {@link #awaitAgreement()} until {@link #rejoin} brings it back.
     *
     * @throws RedisReplyException if it is a master that holds keys
     */
    public void reset(RedisNode node) {
        operate(() -> formation.reset(node));
    }

    /**
     * Introduces a node that was {@link #reset} to the others again, as a master without slots.
     */
    public void rejoin(RedisNode node) {
        operate(() -> formation.rejoin(node));
    }

    /**
     * Ends the connections of clients of one type on all nodes that answer: {@link RedisNode#killClients}.
     *
     * @param type {@code pubsub} (connections with subscriptions), {@code normal}, {@code replica} or {@code master}
     * @return how many connections were ended
     */
    public long killClients(String type) {
        return membership.answering().stream()
                .mapToLong(node -> node.killClients(type))
                .sum();
    }

    // ---- waiting

    /**
     * As {@link #awaitAgreement(Duration)}, for as long as any operation may take.
     */
    public void awaitAgreement() {
        awaitAgreement(patience.limit());
    }

    /**
     * Waits until all nodes that run and are not frozen know each other, see the same roles, epochs and slot owners and the cluster's state as "ok",
     * no slot is owned by a node that does not run or is frozen, and each replica has its link to its master. After a master was killed this is
     * when its replica has taken over.
     *
     * @throws RedisClusterException if the time is up; its message says what was still amiss
     */
    public void awaitAgreement(Duration limit) {
        agreement.awaitWhole(patience.within(limit));
    }

    // ---- the end

    /**
     * Kills all servers and deletes their folder; nothing of the cluster is left then. May be called more than once, and while an operation is
     * under way, which fails then.
     */
    @Override
    public void close() {
        end();
        try {
            Runtime.getRuntime().removeShutdownHook(shutdownHook);
        } catch (IllegalStateException jvmEnds) {
            // The hooks are running already, and this one finds nothing left to do.
        }
    }

    private void end() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        membership.close().forEach(RedisNode::retire);
        host.close();
    }

    private void operate(Runnable operation) {
        operate(() -> {
            operation.run();
            return true;
        });
    }

    private <T> T operate(Supplier<T> operation) {
        operations.lock();
        try {
            if (closed.get()) {
                throw new RedisClusterException("This cluster is closed. Start another.");
            }
            return operation.get();
        } finally {
            operations.unlock();
        }
    }
}
