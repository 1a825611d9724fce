/**
 * The PING-fenced pipe: one connection to one node, on which no command ever gets another's answer. It knows Lettuce's
 * protocol layer and Netty, no cluster and no Spring. The same fence can be put into an application's own connections.
 */
@NullMarked
package io.github.shardedpubsub.pipe;

import org.jspecify.annotations.NullMarked;
