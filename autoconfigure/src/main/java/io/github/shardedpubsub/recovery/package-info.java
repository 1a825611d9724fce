/**
 * Histories of channels: what is kept of a channel's messages when they are published, and how a listener gets from there what it did not
 * get live.
 */
@NullMarked
package io.github.shardedpubsub.recovery;

import org.jspecify.annotations.NullMarked;
