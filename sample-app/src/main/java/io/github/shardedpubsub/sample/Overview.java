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
        @Nullable Reshard reshard) {

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
     * How far a reshard has come.
     *
     * @param moved slots moved so far
     * @param slots slots to be moved in all
     * @param millis since its beginning
     */
    record Reshard(int moved, int slots, long millis, boolean running) {}
}
