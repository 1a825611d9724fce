/**
 * The listener containers, the annotation and ordered delivery.
 */
@NullMarked
package io.github.shardedpubsub.listener;

import org.jspecify.annotations.NullMarked;
