package io.github.shardedpubsub.chaos;

import java.time.Instant;
import java.util.List;

/**
 * Something that must not happen to a channel.
 *
 * @param history how the channel stood and when
 */
record Violation(String what, Instant from, Instant until, List<String> history) {}
