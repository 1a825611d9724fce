/** What runs inside a process, measured with JMH. */
@NullMarked
package io.github.shardedpubsub.benchmark.jmh;

import org.jspecify.annotations.NullMarked;
