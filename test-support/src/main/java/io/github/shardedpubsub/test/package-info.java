/**
 * A real Redis Cluster for tests, with slot moves and faults at hand.
 */
@NullMarked
package io.github.shardedpubsub.test;

import org.jspecify.annotations.NullMarked;
