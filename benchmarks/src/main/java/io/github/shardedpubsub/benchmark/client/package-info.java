/** The clients that are compared, each behind the same few calls. */
@NullMarked
package io.github.shardedpubsub.benchmark.client;

import org.jspecify.annotations.NullMarked;
