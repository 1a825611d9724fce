/**
 * Health, metrics and the actuator endpoint.
 */
@NullMarked
package io.github.shardedpubsub.actuate;

import org.jspecify.annotations.NullMarked;
