package io.github.shardedpubsub.sample;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One second, or about one.
 *
 * @param at milliseconds since 1970, its end
 * @param messages how many messages a second were heard in it
 * @param byNode the same by the address of the node that serves the channel
 * @param interrupted how many interruptions began in it
 * @param handedOver how many channels were handed over in it
 * @param lost how many messages were found to be missed in it
 * @param lettuceAlone how many messages a second Lettuce alone heard in it; null while it does not listen
 */
record Pulse(
        long at,
        int messages,
        Map<String, Integer> byNode,
        int interrupted,
        int handedOver,
        int lost,
        @Nullable Integer lettuceAlone) {}
