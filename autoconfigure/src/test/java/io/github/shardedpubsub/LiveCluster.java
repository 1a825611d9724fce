package io.github.shardedpubsub;

import io.github.shardedpubsub.test.RedisCluster;

/** A cluster of three masters that all live tests share which leave it whole. It ends with the JVM. */
public final class LiveCluster {

    private static final class Lazy {

        private static final RedisCluster CLUSTER = RedisCluster.start(3, 0);
    }

    private LiveCluster() {}

    public static RedisCluster get() {
        return Lazy.CLUSTER;
    }

    /** As a value of {@code spring.data.redis.cluster.nodes}. */
    public static String nodes() {
        return String.join(",", get().addresses());
    }

    /** Moves the slot of a channel to another master. */
    public static void moveSlotOf(String channel) {
        int slot = RedisCluster.slot(channel);
        get().moveSlot(slot, get().otherMaster(get().owner(slot)));
    }
}
