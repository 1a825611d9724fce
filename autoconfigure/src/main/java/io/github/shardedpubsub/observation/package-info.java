/**
 * Micrometer observations of publishing and of listeners' calls, and the envelope in which a trace travels between them.
 */
@NullMarked
package io.github.shardedpubsub.observation;

import org.jspecify.annotations.NullMarked;
