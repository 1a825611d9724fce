/**
 * What a cluster does to its subscribers, one fault a test, on real servers: what the application is told, how soon its messages
 * flow again, and that nothing is lost or doubled beyond the interruption it was told of.
 */
@NullMarked
package io.github.shardedpubsub.subscription.faults;

import org.jspecify.annotations.NullMarked;
