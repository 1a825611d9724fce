/**
 * Who wants which shard channel, which node serves it now, and the work of making the two agree.
 */
@NullMarked
package io.github.shardedpubsub.subscription;

import org.jspecify.annotations.NullMarked;
