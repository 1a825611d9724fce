/**
 * Live courier tracking: couriers publish their positions to shard channels, the application listens to all of them, and slots move
 * under them.
 */
@NullMarked
package io.github.shardedpubsub.sample;

import org.jspecify.annotations.NullMarked;
