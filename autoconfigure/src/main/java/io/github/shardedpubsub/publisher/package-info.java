/**
 * Publishing to shard channels.
 */
@NullMarked
package io.github.shardedpubsub.publisher;

import org.jspecify.annotations.NullMarked;
