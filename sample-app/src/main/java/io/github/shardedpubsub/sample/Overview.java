package io.github.shardedpubsub.sample;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Everything at one moment, as {@code GET /api/overview} gives it.
 */
record Overview(
        List<ClusterNodes.Node> nodes,
        List<Channel> channels,
        Totals totals,
        @Nullable Announcement announcement,
        @Nullable Progress reshard) {

    /**
     * A courier's channel.
     *
     * @param slot 0..16383
     * @param node the address of the node that has confirmed it, or was asked last; null if none was
     * @param state as {@link io.github.shardedpubsub.subscription.ChannelState}
     * @param published what Redis has accepted
     * @param lost what Redis has accepted, and was overtaken by a later message
     * @param lastInterruptionMillis how long the last interruption took, or has lasted so far; null if there was none
     */
    record Channel(
            String channel,
            int slot,
            @Nullable String node,
            String state,
            long published,
            long failed,
            long received,
            long lost,
            long doubled,
            long outOfOrder,
            long interruptions,
            @Nullable Double lastInterruptionMillis,
            @Nullable Position position) {}

    /**
     * The sums over all channels; of the last interruptions the longest.
     */
    record Totals(
            int channels,
            int subscribed,
            long published,
            long failed,
            long received,
            long lost,
            long doubled,
            long outOfOrder,
            long interruptions,
            @Nullable Double lastInterruptionMillis) {}

    /**
     * How far a change of the cluster has come.
     *
     * @param what what is being done, in words
     * @param moved steps done so far; in a reshard, slots moved
     * @param slots steps in all; in a reshard, slots to be moved
     * @param millis since its beginning
     */
    record Progress(String what, int moved, int slots, long millis, boolean running) {}
}
