package io.github.shardedpubsub.chaos;

import io.github.shardedpubsub.chaos.Fault.NotNow;
import io.github.shardedpubsub.subscription.NodeAddress;
import io.github.shardedpubsub.test.RedisCluster;
import io.github.shardedpubsub.test.RedisNode;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

/** The cluster under fire, and what the faults have to know of each other. Thread-safe. */
final class ChaosCluster implements AutoCloseable {

    static final String USER = "subscriber";

    static final String PASSWORD = "secret";

    private static final Duration OPERATION = Duration.ofSeconds(20);

    private static final String[] GRANT = {"ACL", "SETUSER", USER, "on", ">" + PASSWORD, "~*", "&*", "+@all"};

    private final RedisCluster redis;

    private final Silences silences = new Silences();

    private final HistoryHazards hazards = new HistoryHazards();

    private final Map<RedisNode, Instant> tiredUntil = new ConcurrentHashMap<>();

    private final ReentrantLock slots = new ReentrantLock();

    private ChaosCluster(RedisCluster redis) {
        this.redis = redis;
    }

    static ChaosCluster start() {
        return new ChaosCluster(RedisCluster.builder()
                .masters(4)
                .replicas(1)
                .nodeTimeout(ChaosSettings.NODE_TIMEOUT)
                .operationTimeout(OPERATION)
                .configuration("cluster-require-full-coverage", "no")
                .configuration("busy-reply-threshold", "100")
                .configuration("user", USER + " on >" + PASSWORD + " ~* &* +@all")
                .start());
    }

    RedisCluster redis() {
        return this.redis;
    }

    Silences silences() {
        return this.silences;
    }

    HistoryHazards hazards() {
        return this.hazards;
    }

    static NodeAddress address(RedisNode node) {
        return new NodeAddress(node.host(), node.port());
    }

    List<RedisNode> answering() {
        return this.redis.nodes().stream()
                .filter(node -> node.isAlive() && !node.isFrozen())
                .toList();
    }

    List<RedisNode> mastersWithSlots() {
        return this.redis.masters().stream()
                .filter(master -> !this.redis.slotsOf(master).isEmpty())
                .toList();
    }

    void grant(RedisNode node) {
        node.command(GRANT);
    }

    /**
     * Leaves a node out of what follows for a while: masters do not vote for a shard twice within twice the node time-out, and a
     * subscription that ended without a word must have been found before it is brought to life by chance.
     */
    void tire(RedisNode node) {
        this.tiredUntil.put(node, Instant.now().plus(ChaosSettings.NODE_TIMEOUT.multipliedBy(4)));
    }

    boolean isRested(RedisNode node) {
        Instant until = this.tiredUntil.get(node);
        return until == null || Instant.now().isAfter(until);
    }

    /** Keeps slots from moving meanwhile: half a move would leave a slot with two owners, or with none. */
    void whileSlotsRest(Runnable fault) {
        this.slots.lock();
        try {
            fault.run();
        } finally {
            this.slots.unlock();
        }
    }

    static <T> T any(List<T> choices, Random dice, String what) {
        if (choices.isEmpty()) {
            throw new NotNow("there is no " + what);
        }
        return choices.get(dice.nextInt(choices.size()));
    }

    /** Lets a state last: to let time pass is what is meant here. */
    static void last(Duration duration) {
        long end = System.nanoTime() + duration.toNanos();
        for (long left = duration.toNanos(); left > 0; left = end - System.nanoTime()) {
            LockSupport.parkNanos(left);
        }
    }

    static Duration millis(Random dice, int from, int to) {
        return Duration.ofMillis(from + dice.nextInt(to - from));
    }

    /** Whether it came true in time. */
    static boolean await(Duration limit, BooleanSupplier condition) {
        long end = System.nanoTime() + limit.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > end) {
                return false;
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
        }
        return true;
    }

    @Override
    public void close() {
        this.redis.close();
    }
}
