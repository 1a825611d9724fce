package io.github.shardedpubsub.subscription;

import io.github.shardedpubsub.pipe.ChannelName;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The shard channels an application wants, kept subscribed at whichever node serves their slots. Safe for use by any thread.
 */
public interface ShardSubscriptions extends AutoCloseable {

    /**
     * Claims channels, each for a sink of its own, and returns at once. The claims are in the order of the map.
     *
     * @throws IllegalStateException after {@link #close()}
     */
    List<ShardSubscription> subscribe(Map<ChannelName, ? extends ShardMessageSink> sinks);

    /**
     * Claims channels for one sink and returns at once. The claims are in the order of the channels; a channel that is named twice is
     * claimed once.
     *
     * @throws IllegalStateException after {@link #close()}
     */
    default List<ShardSubscription> subscribe(Collection<ChannelName> channels, ShardMessageSink sink) {
        Map<ChannelName, ShardMessageSink> sinks = new LinkedHashMap<>();
        channels.forEach(channel -> sinks.put(channel, sink));
        return subscribe(sinks);
    }

    /**
     * Claims one channel.
     *
     * @see #subscribe(Collection, ShardMessageSink)
     */
    default ShardSubscription subscribe(ChannelName channel, ShardMessageSink sink) {
        return subscribe(List.of(channel), sink).get(0);
    }

    /**
     * How many wanted channels are in each state, every state present. Costs the same for any number of channels.
     */
    Map<ChannelState, Integer> counts();

    /**
     * The wanted channels that are not confirmed, at most so many, those that have waited longest first. Costs nothing for
     * channels that are confirmed.
     */
    List<ChannelStatus> unconfirmed(int limit);

    /**
     * All wanted channels, ordered by name.
     *
     * @see #channels(ChannelQuery) for some of many
     */
    List<ChannelStatus> channels();

    /**
     * A page of the wanted channels. Looks at each of them, and takes memory only for those up to the end of the page.
     */
    ChannelPage channels(ChannelQuery query);

    /**
     * One wanted channel, empty if it is not wanted.
     */
    Optional<ChannelStatus> channel(ChannelName channel);

    /**
     * The nodes to which there are or should be connections, ordered by address.
     */
    List<NodeStatus> nodes();

    /**
     * The last interruptions that have begun or ended, newest first, a bounded number.
     */
    List<ChannelTransition> lastMoves();

    /**
     * Looks at the cluster anew and asks each node about a channel, or about all with null, whatever we believe: a channel whose
     * node does not serve it is subscribed where it is served.
     *
     * @return the number of channels asked about, once all their nodes have answered or failed to
     */
    CompletableFuture<Integer> check(@Nullable ChannelName channel);

    /**
     * Closes the connection to a node and opens it anew: its channels are interrupted until they are confirmed over the next one, with
     * {@link InterruptionCause#CONNECTION_LOST}. One that does not stand is opened at once, without waiting for the time of the next
     * try. Returns at once.
     *
     * @return whether it is one of {@link #nodes()}; nothing is done otherwise
     */
    boolean reconnect(NodeAddress node);

    /**
     * Subscribes interrupted channels again: one, or all with null. To be called by an application that decides that itself, see
     * {@link ResubscribeMode#NOTIFY}; does nothing otherwise, nor for channels that are not interrupted. Returns at once.
     */
    void resubscribe(@Nullable ChannelName channel);

    /**
     * Registers an observer for all that happens from now on.
     */
    void addObserver(SubscriptionObserver observer);

    /**
     * Closes every connection and forgets every channel; revives nothing. Returns within a few seconds in every case.
     */
    @Override
    void close();
}
