package io.github.shardedpubsub.sample;

import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the page is told: everything at first, from then on what has changed.
 *
 * @param setting what never changes; with everything else at first, null from then on
 * @param nodes all of them; null while they are as they were
 * @param connections those of the subscriptions, all of them; null while they are as they were
 * @param channels those that have changed
 * @param events those that are new or have grown
 * @param pulses the seconds that are new
 * @param operation what is being done to the cluster, or was done last
 * @param recovery whether the channels remember
 * @param lettuceAlone null while it does not listen
 */
record PageUpdate(
        @Nullable Setting setting,
        @Nullable List<ClusterNodes.Node> nodes,
        @Nullable List<Connection> connections,
        List<Channel> channels,
        Headline headline,
        List<EventHistory.Entry> events,
        List<Pulse> pulses,
        Overview.@Nullable Progress operation,
        Recovery recovery,
        @Nullable LettuceAlone lettuceAlone,
        @Nullable String announcement) {

    /**
     * What never changes.
     *
     * @param ours whether the cluster may be changed
     * @param slots the slot of each channel, in their order
     */
    record Setting(boolean ours, List<String> channels, List<Integer> slots) {}

    /**
     * A connection to a node.
     *
     * @param subscribed how many channels the node has confirmed
     * @param error why it is lost; null where it stands
     */
    record Connection(
            String address,
            boolean connected,
            int subscribed,
            @Nullable String error) {}

    /**
     * A channel, short: there are many, several times a second.
     *
     * @param index its place in the {@link Setting}
     * @param column the courier's place from the west, in blocks; -1 while nothing was heard
     * @param row from the south
     * @param silent whether nothing was heard since a message was missed
     */
    @JsonFormat(shape = JsonFormat.Shape.ARRAY)
    @JsonPropertyOrder({
        "index",
        "node",
        "state",
        "column",
        "row",
        "heard",
        "missed",
        "silent",
        "interruptions",
        "lastInterruptionMillis"
    })
    record Channel(
            int index,
            @Nullable String node,
            String state,
            int column,
            int row,
            long heard,
            long missed,
            boolean silent,
            long interruptions,
            @Nullable Double lastInterruptionMillis) {}

    /**
     * All in a line.
     *
     * @param alive channels that are subscribed, and heard of since the last message that was missed
     * @param lost messages that Redis accepted and we did not hear, since recovery was switched on or off
     * @param failed messages that were not acknowledged to their publisher
     * @param handovers moves that interrupted nothing
     */
    record Headline(int channels, int alive, long heard, long lost, long failed, long interruptions, long handovers) {}

    /**
     * Whether the channels remember.
     *
     * @param messages how many messages were read from histories since it was switched on
     */
    record Recovery(boolean on, long messages) {}

    /**
     * The same for Lettuce alone.
     *
     * @param couriers those that have changed
     */
    record LettuceAlone(int alive, long heard, long lost, List<Courier> couriers) {}

    /**
     * A courier as Lettuce alone has heard of it.
     */
    @JsonFormat(shape = JsonFormat.Shape.ARRAY)
    @JsonPropertyOrder({"index", "column", "row", "missed", "silent"})
    record Courier(int index, int column, int row, long missed, boolean silent) {}
}
