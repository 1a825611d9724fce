package io.github.shardedpubsub.actuate;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.pipe.FenceStatus;
import io.github.shardedpubsub.pipe.PubSubFence;
import io.github.shardedpubsub.subscription.ChannelState;
import io.github.shardedpubsub.subscription.ChannelStatus;
import io.github.shardedpubsub.subscription.ChannelTransition;
import io.github.shardedpubsub.subscription.Interruption;
import io.github.shardedpubsub.subscription.InterruptionCause;
import io.github.shardedpubsub.subscription.NodeAddress;
import io.github.shardedpubsub.subscription.NodeStatus;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.actuate.endpoint.OperationResponseBody;
import org.springframework.boot.actuate.endpoint.annotation.Endpoint;
import org.springframework.boot.actuate.endpoint.annotation.ReadOperation;
import org.springframework.boot.actuate.endpoint.annotation.Selector;
import org.springframework.boot.actuate.endpoint.annotation.WriteOperation;
import org.springframework.jmx.export.annotation.ManagedOperation;
import org.springframework.jmx.export.annotation.ManagedOperationParameter;

/**
 * Actuator endpoint that shows which node serves which shard channel, what was interrupted lately, and has the nodes asked whether it
 * is so.
 *
 * <p>Reading asks no server. The list of channels is as long as there are wanted channels: for a few of many, select them by name.
 * A name with a slash cannot be selected over HTTP where the web server refuses encoded slashes, as Tomcat does by default.
 */
@Endpoint(id = "shardedpubsub")
public class ShardedPubSubEndpoint {

    private static final Duration CHECK_PATIENCE = Duration.ofSeconds(10);

    private final ShardSubscriptions subscriptions;

    private final @Nullable PubSubFence fence;

    private final Duration checkPatience;

    /**
     * Creates the endpoint.
     */
    public ShardedPubSubEndpoint(ShardSubscriptions subscriptions) {
        this(subscriptions, (PubSubFence) null);
    }

    /**
     * Creates the endpoint.
     *
     * @param fence of the application's own Lettuce connections, null if it is switched off
     */
    public ShardedPubSubEndpoint(ShardSubscriptions subscriptions, @Nullable PubSubFence fence) {
        this(subscriptions, fence, CHECK_PATIENCE);
    }

    ShardedPubSubEndpoint(ShardSubscriptions subscriptions, @Nullable PubSubFence fence, Duration checkPatience) {
        this.subscriptions = subscriptions;
        this.fence = fence;
        this.checkPatience = checkPatience;
    }

    /**
     * All nodes, all wanted channels, and the last moves.
     */
    @ReadOperation
    @ManagedOperation(description = "Nodes, wanted shard channels and the last moves")
    public SubscriptionsDescriptor subscriptions() {
        return new SubscriptionsDescriptor(
                new EnumMap<>(this.subscriptions.counts()),
                this.subscriptions.nodes().stream().map(NodeDescriptor::of).toList(),
                this.subscriptions.channels().stream()
                        .map(ChannelDescriptor::of)
                        .toList(),
                this.subscriptions.lastMoves().stream().map(MoveDescriptor::of).toList(),
                LettuceDescriptor.of(this.fence));
    }

    /**
     * One channel, or null, which is "not found" over HTTP, if it is not wanted.
     *
     * @param channel its name
     */
    @ReadOperation
    @ManagedOperation(description = "One wanted shard channel, nothing if it is not wanted")
    @ManagedOperationParameter(name = "channel", description = "the channel's name")
    public @Nullable ChannelDescriptor channel(@Selector String channel) {
        return this.subscriptions
                .channel(ChannelName.of(channel))
                .map(ChannelDescriptor::of)
                .orElse(null);
    }

    /**
     * Has every node asked whether it serves the channels we believe it serves, and waits for the answers, at most ten seconds.
     */
    @WriteOperation
    @ManagedOperation(description = "Has every node asked whether it serves the shard channels it is believed to serve")
    public CheckDescriptor check() {
        return check(null);
    }

    /**
     * Has the node of one channel asked whether it serves it, and waits for the answer, at most ten seconds.
     *
     * @param channel its name; nobody is asked about one that is not wanted
     */
    @WriteOperation
    @ManagedOperation(description = "Has the node of one shard channel asked whether it serves it")
    @ManagedOperationParameter(name = "channel", description = "the channel's name")
    public CheckDescriptor checkChannel(@Selector String channel) {
        return check(ChannelName.of(channel));
    }

    private CheckDescriptor check(@Nullable ChannelName channel) {
        long begun = System.nanoTime();
        CompletableFuture<Integer> asked = this.subscriptions.check(channel);
        try {
            int channels = asked.get(this.checkPatience.toMillis(), TimeUnit.MILLISECONDS);
            return new CheckDescriptor(channels, true, millisSince(begun));
        } catch (TimeoutException ex) {
            return new CheckDescriptor(null, false, millisSince(begun));
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
            return new CheckDescriptor(null, false, millisSince(begun));
        } catch (ExecutionException ex) {
            throw new IllegalStateException("The nodes could not be asked about their shard channels", ex.getCause());
        }
    }

    private static long millisSince(long begun) {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun);
    }

    private static @Nullable String text(@Nullable NodeAddress address) {
        return address != null ? address.toString() : null;
    }

    /**
     * Everything.
     *
     * @param counts how many wanted channels are in each state, every state present
     * @param nodes ordered by address
     * @param channels ordered by name
     * @param lastMoves newest first
     * @param lettuce the application's own pub/sub connections
     */
    public record SubscriptionsDescriptor(
            Map<ChannelState, Integer> counts,
            List<NodeDescriptor> nodes,
            List<ChannelDescriptor> channels,
            List<MoveDescriptor> lastMoves,
            LettuceDescriptor lettuce)
            implements OperationResponseBody {}

    /**
     * The application's own pub/sub connections of Lettuce.
     *
     * @param fence {@code installed}, {@code not-needed-yet} before the first connection, {@code unavailable} with the reason, or
     *     {@code off}
     * @param connections how many fenced ones are open
     * @param outOfStep how many were closed because their replies did not fit what was asked
     */
    public record LettuceDescriptor(String fence, int connections, long outOfStep) {

        static LettuceDescriptor of(@Nullable PubSubFence fence) {
            if (fence == null) {
                return new LettuceDescriptor("off", 0, 0);
            }
            FenceStatus status = fence.status();
            return new LettuceDescriptor(status.toString(), status.connections(), status.outOfStep());
        }
    }

    /**
     * A connection to a node.
     *
     * @param node {@code host:port}
     * @param connected whether it stands
     * @param since since when it has stood, or has not
     * @param subscribed how many channels this node has confirmed
     * @param lastError why it was lost or could not be opened; where it stands, that a probe was not delivered; absent otherwise
     * @param readingPausedSince since when it is read no further, as a listener that blocks has no room; absent if it is read
     */
    public record NodeDescriptor(
            String node,
            boolean connected,
            Instant since,
            int subscribed,
            @Nullable String lastError,
            @Nullable Instant readingPausedSince) {

        static NodeDescriptor of(NodeStatus node) {
            return new NodeDescriptor(
                    node.address().toString(),
                    node.connected(),
                    node.since(),
                    node.subscribed(),
                    node.lastError(),
                    node.readingPausedSince());
        }
    }

    /**
     * A wanted channel.
     *
     * @param channel its name
     * @param slot 0..16383
     * @param state how it stands
     * @param since since when it has stood so
     * @param node the node that has confirmed it or was asked last, {@code host:port}; absent if none was
     * @param interruptions how many there were
     * @param lastInterruption the one that lasts, or else the last one; absent if there was none
     * @param lastError what was said last against it, absent if it is confirmed
     */
    public record ChannelDescriptor(
            String channel,
            int slot,
            ChannelState state,
            Instant since,
            @Nullable String node,
            long interruptions,
            @Nullable InterruptionDescriptor lastInterruption,
            @Nullable String lastError)
            implements OperationResponseBody {

        static ChannelDescriptor of(ChannelStatus channel) {
            return new ChannelDescriptor(
                    channel.channel(),
                    channel.slot(),
                    channel.state(),
                    channel.since(),
                    text(channel.node()),
                    channel.interruptions(),
                    InterruptionDescriptor.of(channel.lastInterruption()),
                    channel.lastError());
        }
    }

    /**
     * A time during which a wanted channel was not confirmed although it had been.
     *
     * @param cause what began it
     * @param since when it began
     * @param fromNode the node that served the channel before, {@code host:port}
     * @param durationMillis from its beginning to the next confirmation, absent while it lasts
     * @param detail what was seen last
     */
    public record InterruptionDescriptor(
            InterruptionCause cause,
            Instant since,
            String fromNode,
            @Nullable Long durationMillis,
            String detail) {

        static @Nullable InterruptionDescriptor of(@Nullable Interruption interruption) {
            if (interruption == null) {
                return null;
            }
            Duration duration = interruption.duration();
            return new InterruptionDescriptor(
                    interruption.cause(),
                    interruption.since(),
                    interruption.from().toString(),
                    duration != null ? duration.toMillis() : null,
                    interruption.detail());
        }
    }

    /**
     * A channel lost its node, or found one again.
     *
     * @param at when
     * @param channel its name
     * @param slot 0..16383
     * @param fromState the state before, absent for a channel that was not wanted before
     * @param toState the state now, absent for a channel that is not wanted any more
     * @param node the node concerned, {@code host:port}; absent if there is none
     * @param interruption the one that begins, or that ends; absent otherwise
     * @param detail what was seen
     */
    public record MoveDescriptor(
            Instant at,
            String channel,
            int slot,
            @Nullable ChannelState fromState,
            @Nullable ChannelState toState,
            @Nullable String node,
            @Nullable InterruptionDescriptor interruption,
            String detail) {

        static MoveDescriptor of(ChannelTransition move) {
            return new MoveDescriptor(
                    move.at(),
                    move.channel().toString(),
                    move.slot(),
                    move.from(),
                    move.to(),
                    text(move.node()),
                    InterruptionDescriptor.of(move.interruption()),
                    move.detail());
        }
    }

    /**
     * What became of a check.
     *
     * @param channels how many channels were asked about, absent if not every node has answered
     * @param answered whether every node has answered in time or is known not to; the check goes on if not
     * @param tookMillis how long it took
     */
    public record CheckDescriptor(@Nullable Integer channels, boolean answered, long tookMillis)
            implements OperationResponseBody {}
}
