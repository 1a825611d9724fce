/**
 * A real Redis Cluster for tests, with slot moves and faults at hand.
 *
 * <p>{@link io.github.shardedpubsub.test.RedisCluster} is where to begin.
 */
@NullMarked
package io.github.shardedpubsub.test;

import org.jspecify.annotations.NullMarked;
