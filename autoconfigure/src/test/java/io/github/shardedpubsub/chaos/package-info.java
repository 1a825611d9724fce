/**
 * A soak: random faults on a real cluster while numbered messages are published, and a ledger of what may be missing and what not.
 */
@NullMarked
package io.github.shardedpubsub.chaos;

import org.jspecify.annotations.NullMarked;
