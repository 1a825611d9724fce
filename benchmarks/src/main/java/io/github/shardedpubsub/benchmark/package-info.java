/** Comparisons: with other clients, and of one way of ours with another. */
@NullMarked
package io.github.shardedpubsub.benchmark;

import org.jspecify.annotations.NullMarked;
