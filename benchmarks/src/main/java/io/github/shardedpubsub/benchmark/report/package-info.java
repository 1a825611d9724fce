/** What was measured: kept as JSON, shown as tables. */
@NullMarked
package io.github.shardedpubsub.benchmark.report;

import org.jspecify.annotations.NullMarked;
