/** Clients against each other, each in a process of its own, on one live cluster. */
@NullMarked
package io.github.shardedpubsub.benchmark.compare;

import org.jspecify.annotations.NullMarked;
