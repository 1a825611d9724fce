/**
 * Proof of the pipe: against a model of the server, byte by byte, and against real servers.
 */
@NullMarked
package io.github.shardedpubsub.pipe;

import org.jspecify.annotations.NullMarked;
