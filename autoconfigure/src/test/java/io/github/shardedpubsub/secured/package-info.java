/**
 * Whole applications on servers that let nobody in without TLS, certificate and password, and such as are stopped and started again.
 */
@NullMarked
package io.github.shardedpubsub.secured;

import org.jspecify.annotations.NullMarked;
