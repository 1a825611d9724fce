package io.github.shardedpubsub.actuate;

import io.github.shardedpubsub.listener.ShardedListenerEndpoint;
import io.github.shardedpubsub.listener.ShardedRedisListenerRegistry;
import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.pipe.FenceStatus;
import io.github.shardedpubsub.pipe.PubSubFence;
import io.github.shardedpubsub.recovery.HistoryLoss;
import io.github.shardedpubsub.recovery.RecoveryCounts;
import io.github.shardedpubsub.recovery.RecoveryStatus;
import io.github.shardedpubsub.recovery.ShardHistory;
import io.github.shardedpubsub.recovery.ShardRecovery;
import io.github.shardedpubsub.recovery.ToldLoss;
import io.github.shardedpubsub.subscription.ChannelPage;
import io.github.shardedpubsub.subscription.ChannelQuery;
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
import org.springframework.boot.actuate.endpoint.InvalidEndpointRequestException;
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
 * <p>Reading asks no server. Channels are shown page by page, so that a hundred thousand of them cost no more memory than a page.
 * A name with a slash cannot be selected over HTTP where the web server refuses encoded slashes, as Tomcat does by default; as a
 * {@code prefix} it can be asked for.
 *
 * <p>Opening a node's connection anew, and pausing listeners, is there over HTTP and JMX, in the form of each:
 * {@link ShardedPubSubEndpointWebExtension}, {@link ShardedPubSubEndpointJmxExtension}.
 */
@Endpoint(id = "shardedpubsub")
public class ShardedPubSubEndpoint {

    private static final Duration CHECK_PATIENCE = Duration.ofSeconds(10);

    private static final int DEFAULT_LIMIT = 100;

    private static final int MAX_LIMIT = 1000;

    private final ShardSubscriptions subscriptions;

    private final @Nullable PubSubFence fence;

    private final ShardedRedisListenerRegistry listeners;

    private final @Nullable ShardRecovery recovery;

    private final @Nullable ShardHistory history;

    private final Duration checkPatience;

    /**
     * Creates the endpoint.
     */
    public ShardedPubSubEndpoint(ShardSubscriptions subscriptions) {
        this(subscriptions, null, new ShardedRedisListenerRegistry(), null, null);
    }

    /**
     * Creates the endpoint.
     *
     * @param fence of the application's own Lettuce connections, null if it is switched off
     * @param listeners those that can be paused
     * @param recovery of the listeners, null if no channel has a history
     * @param history of the publishers, null if no channel has one
     */
    public ShardedPubSubEndpoint(
            ShardSubscriptions subscriptions,
            @Nullable PubSubFence fence,
            ShardedRedisListenerRegistry listeners,
            @Nullable ShardRecovery recovery,
            @Nullable ShardHistory history) {
        this(subscriptions, fence, listeners, recovery, history, CHECK_PATIENCE);
    }

    ShardedPubSubEndpoint(
            ShardSubscriptions subscriptions,
            @Nullable PubSubFence fence,
            ShardedRedisListenerRegistry listeners,
            @Nullable ShardRecovery recovery,
            @Nullable ShardHistory history,
            Duration checkPatience) {
        this.subscriptions = subscriptions;
        this.fence = fence;
        this.listeners = listeners;
        this.recovery = recovery;
        this.history = history;
        this.checkPatience = checkPatience;
    }

    /**
     * Counts, all nodes, a page of the wanted channels, the listeners and the last moves. What is asked for here is for the channels
     * alone.
     *
     * @param node only channels that this node has confirmed or was asked for last, {@code host:port}
     * @param state only channels that stand so
     * @param prefix only channels whose name begins so
     * @param offset how many of these come before the page; 0 if it is not given
     * @param limit how many the page has at most, 0 to 1000; 100 if it is not given
     * @throws InvalidEndpointRequestException which is "bad request" over HTTP, if there is no such node, offset or limit
     */
    @ReadOperation
    @ManagedOperation(description = "Counts, nodes, a page of the wanted shard channels, listeners and the last moves")
    @ManagedOperationParameter(name = "node", description = "only channels at this node, host:port")
    @ManagedOperationParameter(name = "state", description = "only channels in this state")
    @ManagedOperationParameter(name = "prefix", description = "only channels whose name begins so")
    @ManagedOperationParameter(name = "offset", description = "how many of these come before the page, 0 if not given")
    @ManagedOperationParameter(name = "limit", description = "how many it has at most, up to 1000, 100 if not given")
    public SubscriptionsDescriptor subscriptions(
            @Nullable String node,
            @Nullable ChannelState state,
            @Nullable String prefix,
            @Nullable Integer offset,
            @Nullable Integer limit) {
        ChannelQuery query = query(node, state, prefix, offset, limit);
        ChannelPage page = this.subscriptions.channels(query);
        return new SubscriptionsDescriptor(
                new EnumMap<>(this.subscriptions.counts()),
                this.subscriptions.nodes().stream().map(NodeDescriptor::of).toList(),
                new PageDescriptor(query.offset(), query.limit(), page.matching()),
                page.channels().stream().map(this::described).toList(),
                this.listeners.getListeners().stream()
                        .limit(MAX_LIMIT)
                        .map(ListenerDescriptor::of)
                        .toList(),
                this.subscriptions.lastMoves().stream().map(MoveDescriptor::of).toList(),
                RecoveryDescriptor.of(this.recovery, this.history),
                LettuceDescriptor.of(this.fence));
    }

    private ChannelDescriptor described(ChannelStatus channel) {
        ShardRecovery recovery = this.recovery;
        return ChannelDescriptor.of(
                channel,
                recovery != null
                        ? recovery.channel(ChannelName.of(channel.channel())).orElse(null)
                        : null);
    }

    private static ChannelQuery query(
            @Nullable String node,
            @Nullable ChannelState state,
            @Nullable String prefix,
            @Nullable Integer offset,
            @Nullable Integer limit) {
        int atMost = limit != null ? limit : DEFAULT_LIMIT;
        if (atMost > MAX_LIMIT) {
            throw new InvalidEndpointRequestException(
                    "A page has at most " + MAX_LIMIT + " channels, not " + atMost, "limit: at most " + MAX_LIMIT);
        }
        try {
            return new ChannelQuery(
                    node != null ? NodeAddress.parse(node) : null,
                    state,
                    prefix != null ? ChannelName.of(prefix) : null,
                    offset != null ? offset : 0,
                    atMost);
        } catch (IllegalArgumentException ex) {
            String reason = String.valueOf(ex.getMessage());
            throw new InvalidEndpointRequestException(reason, reason);
        }
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
                .map(this::described)
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

    /**
     * Has our connection to a node closed and opened anew. Its channels are interrupted until they are confirmed over the next one,
     * and you are told of that as of a lost connection.
     *
     * @param node {@code host:port}
     * @return how the connection stood when it was told so
     * @throws IllegalArgumentException if there is none to such a node; the message names those that there are
     */
    public NodeDescriptor reconnect(String node) {
        NodeAddress address = NodeAddress.parse(node);
        List<NodeStatus> nodes = this.subscriptions.nodes();
        NodeStatus before = nodes.stream()
                .filter(status -> status.address().equals(address))
                .findFirst()
                .orElseThrow(() -> noConnection(address, nodes));
        if (!this.subscriptions.reconnect(address)) {
            throw noConnection(address, this.subscriptions.nodes());
        }
        return NodeDescriptor.of(before);
    }

    private static IllegalArgumentException noConnection(NodeAddress node, List<NodeStatus> nodes) {
        return new IllegalArgumentException("There is no connection to a node " + node + ", but to "
                + nodes.stream().map(NodeStatus::address).toList());
    }

    /**
     * Lets a listener have no further message until it is resumed. Its subscriptions stay; messages wait as long as there is room, and
     * then its {@link io.github.shardedpubsub.listener.OverflowPolicy} decides.
     *
     * @param listener its id
     * @throws IllegalArgumentException if there is none with this id
     * @throws IllegalStateException if it is stopped
     * @see ShardedListenerEndpoint#pause()
     */
    public ListenerDescriptor pause(String listener) {
        ShardedListenerEndpoint endpoint = this.listeners.getListener(listener);
        endpoint.pause();
        return ListenerDescriptor.of(endpoint);
    }

    /**
     * Lets a paused listener go on, with what waits first. Does nothing where it is not paused.
     *
     * @param listener its id
     * @throws IllegalArgumentException if there is none with this id
     * @see ShardedListenerEndpoint#resume()
     */
    public ListenerDescriptor resume(String listener) {
        ShardedListenerEndpoint endpoint = this.listeners.getListener(listener);
        endpoint.resume();
        return ListenerDescriptor.of(endpoint);
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

    private static @Nullable String text(@Nullable Object named) {
        return named != null ? named.toString() : null;
    }

    /**
     * Everything.
     *
     * @param counts how many wanted channels are in each state, every state present
     * @param nodes ordered by address
     * @param page which of the channels that were asked for these are
     * @param channels those of the page, ordered by name
     * @param listeners those with an id, in the order of registration, at most a thousand
     * @param lastMoves the last interruptions that have begun or ended, newest first, at most a hundred
     * @param recovery what became of the channels with a history
     * @param lettuce the application's own pub/sub connections
     */
    public record SubscriptionsDescriptor(
            Map<ChannelState, Integer> counts,
            List<NodeDescriptor> nodes,
            PageDescriptor page,
            List<ChannelDescriptor> channels,
            List<ListenerDescriptor> listeners,
            List<MoveDescriptor> lastMoves,
            RecoveryDescriptor recovery,
            LettuceDescriptor lettuce)
            implements OperationResponseBody {}

    /**
     * Which of many channels are shown.
     *
     * @param offset how many come before
     * @param limit how many are shown at most
     * @param matching how many there are that were asked for
     */
    public record PageDescriptor(int offset, int limit, int matching) {}

    /**
     * A listener with an id.
     *
     * @param id by which it can be paused
     * @param channels how many channels it listens to
     * @param running whether it has been started
     * @param paused whether it gets no message until it is resumed
     */
    public record ListenerDescriptor(String id, int channels, boolean running, boolean paused)
            implements OperationResponseBody {

        static ListenerDescriptor of(ShardedListenerEndpoint listener) {
            return new ListenerDescriptor(
                    listener.getId(), listener.getChannels().size(), listener.isRunning(), listener.isPaused());
        }
    }

    /**
     * What became of the channels with a history, since the application was started.
     *
     * @param channels how many of those that are listened to have one
     * @param behind how many of these have a listener that waits for messages from the history, or has no room for them
     * @param recovered how many messages listeners got from histories
     * @param duplicates how many messages came when a listener had them already, and were not given to it again
     * @param deferred for how many live messages a listener had no room, and gets them from the history instead
     * @param readFailures how often a history could not be read, and was read again
     * @param losses how often a listener was told that it cannot have some messages
     * @param writesLost how often a publisher found that acknowledged messages were lost
     * @param lastLosses the last losses, newest first, at most a hundred
     */
    public record RecoveryDescriptor(
            int channels,
            int behind,
            long recovered,
            long duplicates,
            long deferred,
            long readFailures,
            long losses,
            long writesLost,
            List<LossDescriptor> lastLosses) {

        static RecoveryDescriptor of(@Nullable ShardRecovery recovery, @Nullable ShardHistory history) {
            long writesLost = history != null ? history.writesLost() : 0;
            if (recovery == null) {
                return new RecoveryDescriptor(0, 0, 0, 0, 0, 0, 0, writesLost, List.of());
            }
            RecoveryCounts counts = recovery.counts();
            return new RecoveryDescriptor(
                    recovery.channels(),
                    recovery.behind().size(),
                    counts.recovered(),
                    counts.duplicates(),
                    counts.deferred(),
                    counts.readFailures(),
                    counts.losses(),
                    writesLost,
                    recovery.lastLosses().stream().map(LossDescriptor::of).toList());
        }
    }

    /**
     * A listener was told that it cannot have some messages.
     *
     * @param at when
     * @param channel its channel
     * @param cause why
     * @param after the place of the last message before them, an epoch and an id
     * @param before that of the next one, or, where writes are lost, of the last of them; absent if none is known
     */
    public record LossDescriptor(
            Instant at,
            String channel,
            HistoryLoss.Cause cause,
            String after,
            @Nullable String before) {

        static LossDescriptor of(ToldLoss told) {
            HistoryLoss loss = told.loss();
            return new LossDescriptor(
                    told.at(), told.channel(), loss.cause(), loss.after().toString(), text(loss.before()));
        }
    }

    /**
     * How the listeners of a channel stand with its history.
     *
     * @param listeners how many have recovery there
     * @param behind how many of them wait for messages from the history, or have no room for them
     * @param behindSince since when the one of these has that waits longest, absent if none waits
     * @param position up to where that one has the history, or else the one that was added first: an epoch and an id; absent while it is
     *     not known where it begins
     * @param recovered how many messages they have got from the history
     * @param losses how often one of them was told that it cannot have some messages
     * @param lastLoss the last of these times, absent if there was none
     * @param lastError why the history could not be read last, absent if it could or nobody waits for it
     */
    public record ChannelRecoveryDescriptor(
            int listeners,
            int behind,
            @Nullable Instant behindSince,
            @Nullable String position,
            long recovered,
            long losses,
            @Nullable LossDescriptor lastLoss,
            @Nullable String lastError) {

        static @Nullable ChannelRecoveryDescriptor of(@Nullable RecoveryStatus status) {
            if (status == null) {
                return null;
            }
            ToldLoss lastLoss = status.lastLoss();
            return new ChannelRecoveryDescriptor(
                    status.listeners(),
                    status.behind(),
                    status.behindSince(),
                    text(status.position()),
                    status.recovered(),
                    status.losses(),
                    lastLoss != null ? LossDescriptor.of(lastLoss) : null,
                    status.lastError());
        }
    }

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
            @Nullable Instant readingPausedSince)
            implements OperationResponseBody {

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
     * @param recovery how its listeners stand with its history, absent if none of them gets anything from there
     */
    public record ChannelDescriptor(
            String channel,
            int slot,
            ChannelState state,
            Instant since,
            @Nullable String node,
            long interruptions,
            @Nullable InterruptionDescriptor lastInterruption,
            @Nullable String lastError,
            @Nullable ChannelRecoveryDescriptor recovery)
            implements OperationResponseBody {

        static ChannelDescriptor of(ChannelStatus channel, @Nullable RecoveryStatus recovery) {
            return new ChannelDescriptor(
                    channel.channel(),
                    channel.slot(),
                    channel.state(),
                    channel.since(),
                    text(channel.node()),
                    channel.interruptions(),
                    InterruptionDescriptor.of(channel.lastInterruption()),
                    channel.lastError(),
                    ChannelRecoveryDescriptor.of(recovery));
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
