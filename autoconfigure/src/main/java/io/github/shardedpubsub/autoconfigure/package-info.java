/**
 * Spring Boot's glue: properties, auto-configurations, failure analyzers and runtime hints.
 */
@NullMarked
package io.github.shardedpubsub.autoconfigure;

import org.jspecify.annotations.NullMarked;
