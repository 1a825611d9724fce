package io.github.shardedpubsub.subscription;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.pipe.ChannelTable;
import io.github.shardedpubsub.pipe.Outcome;
import io.github.shardedpubsub.pipe.Pipe;
import io.github.shardedpubsub.pipe.PipeChannel;
import io.github.shardedpubsub.pipe.PipeListener;
import io.github.shardedpubsub.pipe.PlainCommand;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The way to one node: a pipe opened when a channel first needs it or to be warm, opened anew with backoff when it cannot be had,
 * closed when nothing needs it any more. Changed on the subscriptions' own thread only; what is volatile is read by others.
 */
final class NodeConnection {

    private static final Logger logger = LoggerFactory.getLogger(NodeConnection.class);

    /** A connection that lasts no longer than this has not been of use: what is asked on it may be why it is closed. */
    private static final long SHORT_LIFE_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** So many connections of a short life are followed by the next at once. */
    private static final int MAX_SHORT_LIVES = 3;

    private final NodeAddress address;

    private final Reconciler reconciler;

    /** The channels whose holder this is, whether asked or confirmed; in their order, so that a run can be repeated. */
    final Chain<WantedChannel> held = new Chain<>();

    /** How many of them will be asked for here once the connection stands. */
    private int awaiting;

    /** From here or to here, so that channels are subscribed at two nodes. */
    final Set<Handover> handovers = new LinkedHashSet<>();

    private final NodeReading reading;

    /** Channels of our own here, which nobody claims, and who listens to them. Never changed, but replaced. */
    private volatile Map<ChannelName, Consumer<byte[]>> own = Map.of();

    /** As it has last said; null where it does not tell. */
    private @Nullable String shardName;

    private boolean namesNoShard;

    /** The one of our own channels that is no shard channel. */
    private @Nullable ChannelName classic;

    /** It has said so, and no channel has gone since that it would have ended first. */
    private boolean provenUpstream;

    /** Why messages are believed not to arrive, until one does. */
    private volatile @Nullable String probeError;

    /** Names that may be subscribed here though nobody wants them here; ended one by one, or with the connection. */
    final Set<ChannelName> leftovers = new LinkedHashSet<>();

    /** Kept open whether a channel needs it or not. */
    private boolean warm;

    /** Audits in a row whose count was not ours. */
    int miscounts;

    private int unitsInFlight;

    /** Grows with every unit and with every change of what is confirmed here. */
    private long changes;

    private volatile @Nullable Link link;

    /** Connections in a row that could not be opened or did not last. */
    private int failures;

    private long connectedAtNanos;

    private boolean backingOff;

    private boolean closingWhenIdle;

    private final AtomicInteger subscribed = new AtomicInteger();

    private volatile Status status;

    NodeConnection(NodeAddress address, Reconciler reconciler) {
        this.address = address;
        this.reconciler = reconciler;
        this.reading = new NodeReading(this, reconciler);
        this.status = new Status(false, reconciler.timeline().now(), null);
    }

    private record Status(
            boolean connected, Instant since, @Nullable String lastError) {}

    NodeAddress address() {
        return this.address;
    }

    boolean isConnected() {
        return this.link != null && this.link.connected;
    }

    NodeStatus status() {
        Status status = this.status;
        return new NodeStatus(
                this.address,
                status.connected(),
                status.since(),
                this.subscribed.get(),
                status.connected() ? this.probeError : status.lastError(),
                this.reading.pausedSince());
    }

    void countSubscribed(int change) {
        if (this.subscribed.addAndGet(change) == 0) {
            this.provenUpstream = false;
        }
        this.changes++;
    }

    /** How many channels this node has confirmed as their holder. */
    int subscribed() {
        return this.subscribed.get();
    }

    /** How many more may be subscribed here. */
    int maybeSubscribed() {
        int shardChannels = this.own.size() - (this.classic == null ? 0 : 1);
        return this.leftovers.size() + this.handovers.size() + shardChannels;
    }

    /**
     * Whether the node is known to be an upstream node: a master ends all shard subscriptions when it becomes a replica, on every
     * server since Redis 7.0, and it does so before it confirms any other. So what it has said of itself holds as long as a channel
     * stands here.
     */
    boolean isProvenUpstream() {
        return this.provenUpstream;
    }

    /** The node says so of itself. */
    void provenUpstream() {
        this.provenUpstream = this.subscribed.get() > 0;
    }

    /** The node has ended a subscription, and may have changed its role. */
    void mayBeReplica() {
        this.provenUpstream = false;
    }

    /**
     * From now on messages of this channel are taken for ours.
     *
     * @param listener told on the event loop
     */
    void own(ChannelName channel, Consumer<byte[]> listener) {
        Map<ChannelName, Consumer<byte[]>> more = new HashMap<>(this.own);
        more.put(channel, listener);
        this.own = Map.copyOf(more);
    }

    boolean owns(ChannelName channel) {
        return this.own.containsKey(channel);
    }

    /** Returns whether it was ours. */
    boolean disown(ChannelName channel) {
        if (!owns(channel)) {
            return false;
        }
        Map<ChannelName, Consumer<byte[]>> fewer = new HashMap<>(this.own);
        fewer.remove(channel);
        this.own = Map.copyOf(fewer);
        return true;
    }

    void probeDelivered() {
        this.probeError = null;
    }

    void probeLost(String error) {
        this.probeError = error;
    }

    int unitsInFlight() {
        return this.unitsInFlight;
    }

    /** Equal at two moments only if nothing was asked and nothing confirmed or ended in between. */
    long changes() {
        return this.changes;
    }

    NodeReading reading() {
        return this.reading;
    }

    /** As it is at the moment; on any thread. */
    @Nullable
    Pipe currentPipe() {
        Link current = this.link;
        return current != null ? current.pipe : null;
    }

    /** Keeps the connection open, or leaves it to its channels again. */
    void keepWarm(boolean warm) {
        if (this.warm != warm) {
            this.warm = warm;
            if (warm) {
                openIfNeeded();
            } else {
                closeWhenIdle();
            }
        }
    }

    /** Has the channel, which is held here, asked for as soon as the connection stands. */
    void await(WantedChannel channel) {
        if (!channel.awaitsConnection) {
            channel.awaitsConnection = true;
            this.awaiting++;
        }
        openIfNeeded();
    }

    /** It is asked for now, or is not to be asked for here. */
    void awaitNoMore(WantedChannel channel) {
        if (channel.awaitsConnection) {
            channel.awaitsConnection = false;
            this.awaiting--;
        }
    }

    /** The channels that will be asked for here once the connection stands. */
    List<WantedChannel> awaiting() {
        List<WantedChannel> awaiting = new ArrayList<>(this.awaiting);
        for (WantedChannel channel : this.held) {
            if (channel.awaitsConnection) {
                awaiting.add(channel);
            }
        }
        return awaiting;
    }

    /** Null if none is confirmed here. */
    @Nullable
    WantedChannel anyConfirmed() {
        for (WantedChannel channel : this.held) {
            if (channel.isConfirmed()) {
                return channel;
            }
        }
        return null;
    }

    private boolean isNeeded() {
        return this.warm || this.awaiting > 0;
    }

    /** Returns whether it stands; if not, it is being opened. */
    boolean connectIfNeeded() {
        openIfNeeded();
        return isConnected();
    }

    private void openIfNeeded() {
        if (this.link == null && !this.backingOff) {
            open();
        }
    }

    private void open() {
        Link opening = new Link();
        this.link = opening;
        try {
            opening.pipe = this.reconciler.cluster().open(this.address, opening);
        } catch (RuntimeException ex) {
            opening.connectFailed(ex);
        }
    }

    // The answers are taken on the subscriptions' own thread, and never within the call.

    void subscribe(List<ChannelName> channels, Consumer<Outcome> answer) {
        counted(pipe().subscribe(channels), answer);
    }

    void unsubscribe(List<ChannelName> channels, Consumer<Outcome> answer) {
        counted(pipe().unsubscribe(channels), answer);
    }

    void subscribeAsking(List<ChannelName> channels, Consumer<Outcome> answer) {
        counted(pipe().subscribeAsking(channels), answer);
    }

    void unsubscribeAsking(List<ChannelName> channels, Consumer<Outcome> answer) {
        counted(pipe().unsubscribeAsking(channels), answer);
    }

    /**
     * Listens to a classic channel of our own, as long as this connection lasts.
     *
     * @param listener told on the event loop
     * @param answer told on the subscriptions' own thread
     */
    void listen(ChannelName channel, Consumer<byte[]> listener, Consumer<Outcome> answer) {
        own(channel, listener);
        this.classic = channel;
        var unused = pipe().subscribeClassic(channel)
                .thenAccept(outcome -> this.reconciler.timeline().execute(() -> answer.accept(outcome)));
    }

    private void counted(CompletableFuture<Outcome> unit, Consumer<Outcome> answer) {
        this.changes++;
        this.unitsInFlight++;
        var unused = unit.thenAccept(outcome -> this.reconciler.timeline().execute(() -> {
            this.unitsInFlight--;
            answer.accept(outcome);
        }));
    }

    CompletableFuture<Outcome> send(PlainCommand command) {
        return pipe().send(command);
    }

    /** As {@link #send}, with the answer taken on the subscriptions' own thread. */
    void ask(PlainCommand command, Consumer<Outcome> answer) {
        var unused =
                send(command).thenAccept(outcome -> this.reconciler.timeline().execute(() -> answer.accept(outcome)));
    }

    /** Asks how the node sees the cluster; it is null where the node does not tell. */
    void askForNodes(Consumer<@Nullable ClusterNodes> answer) {
        ask(PlainCommand.CLUSTER_NODES, outcome -> {
            if (outcome instanceof Outcome.Answered answered) {
                answer.accept(ClusterNodes.parse(answered.reply(), this.address));
            } else {
                logger.debug("{} does not tell how it sees the cluster: {}", this.address, outcome);
                answer.accept(null);
            }
        });
    }

    /** Asks for the node's own slots; it is null where the node does not tell. */
    void askForSlots(Consumer<@Nullable NodeSlots> answer) {
        askForNodes(nodes -> answer.accept(nodes == null ? null : NodeSlots.of(nodes)));
    }

    /** Has it said again of which shard it is, which changes when it becomes another one's replica. */
    void askForShard() {
        if (!this.namesNoShard) {
            var unused = shard().thenAccept(shard -> {
                this.shardName = shard.orElse(null);
                this.namesNoShard = this.shardName == null || this.shardName.equals(this.address.toString());
            });
        }
    }

    /**
     * Whether the other delivers, too, what is published here, as far as the two have said: the nodes of one shard pass on to each
     * other what they are asked to publish, and two masters can be of one.
     */
    boolean passesOnTo(NodeConnection other) {
        return other != this && this.shardName != null && this.shardName.equals(other.shardName);
    }

    /**
     * Asks for the name of the node's shard; it is empty where the node does not tell. Redis 7.0 has no names for shards, which are one
     * master and its replicas there; so a master's is its own. Completed on the subscriptions' own thread.
     */
    CompletableFuture<Optional<String>> shard() {
        CompletableFuture<Optional<String>> shard = new CompletableFuture<>();
        ask(PlainCommand.CLUSTER_MYSHARDID, outcome -> {
            if (outcome instanceof Outcome.Answered answered) {
                shard.complete(Optional.of(answered.reply()));
            } else if (outcome instanceof Outcome.Refused refused
                    && refused.error().code().equals("ERR")) {
                shard.complete(Optional.of(this.address.toString()));
            } else {
                shard.complete(Optional.empty());
            }
        });
        return shard;
    }

    /** Completed, on the event loop, when all that the node had sent before is told, or when it can send nothing more. */
    CompletableFuture<?> fence() {
        return isConnected() ? pipe().fence() : CompletableFuture.completedFuture(null);
    }

    /**
     * Closes the connection, to open another: for a node that forgot who we are, or that is not in the state it should be in.
     *
     * @param reason for people
     */
    void reconnect(String reason) {
        pipe().reconnect(reason);
    }

    /** As {@link #reconnect}; where no connection stands, one is opened without waiting for the time of the next try. */
    void reopen(String reason) {
        if (isConnected()) {
            reconnect(reason);
            return;
        }
        discard();
        this.failures = 0;
        this.backingOff = false;
        if (isNeeded()) {
            open();
        }
    }

    private Pipe pipe() {
        Pipe pipe = currentPipe();
        if (pipe == null) {
            throw new IllegalStateException("No connection to " + this.address);
        }
        return pipe;
    }

    private void connected(Link from) {
        if (from != this.link) {
            return;
        }
        from.connected = true;
        this.connectedAtNanos = this.reconciler.timeline().nanoTime();
        this.status = new Status(true, this.reconciler.timeline().now(), null);
        askForShard();
        this.reconciler.connected(this);
        closeWhenIdle();
    }

    private void disconnected(Link from, String reason) {
        if (from != this.link) {
            return;
        }
        from.connected = false;
        this.leftovers.clear();
        this.own = Map.of();
        this.classic = null;
        this.provenUpstream = false;
        this.shardName = null;
        this.namesNoShard = false;
        this.changes++;
        this.status = new Status(false, this.reconciler.timeline().now(), reason);
        this.reconciler.disconnected(this, reason, from.outOfStep);
        from.outOfStep = false;
        boolean shortLived = this.reconciler.timeline().nanoTime() - this.connectedAtNanos < SHORT_LIFE_NANOS;
        this.failures = shortLived ? this.failures + 1 : 0;
        if (this.failures > MAX_SHORT_LIVES) {
            openLater();
            return;
        }
        // Lettuce would open the next one at a tick of its timer, up to 100 ms later
        discard();
        if (isNeeded()) {
            open();
            Link next = this.link;
            this.reconciler.timeline().schedule(this.reconciler.settings().backoffMax(), () -> {
                if (next != null && next == this.link && !next.connected) {
                    discard();
                    if (isNeeded()) {
                        open();
                    }
                }
            });
        }
        closeWhenIdle();
    }

    private void connectFailed(Link from, String reason) {
        if (from != this.link) {
            return;
        }
        this.failures++;
        this.status = new Status(false, this.status.since(), reason);
        this.reconciler.connectFailed(this, reason);
        openLater();
    }

    private void openLater() {
        discard();
        this.backingOff = true;
        this.reconciler.timeline().schedule(this.reconciler.backoff(this.failures), () -> {
            this.backingOff = false;
            this.reconciler.reconsider(awaiting());
            if (this.warm) {
                openIfNeeded();
            }
            closeWhenIdle();
        });
    }

    /** For a node that goes on sending what nobody wants, and does not let it be ended: at once, if nothing else is here. */
    void closeIfUnused() {
        if (this.link == null || !isUnused()) {
            return;
        }
        discard();
        this.status = new Status(false, this.reconciler.timeline().now(), null);
        if (this.warm) {
            openIfNeeded();
        } else {
            this.reconciler.forget(this);
        }
    }

    /** Closes the pipe after a while if by then nothing needs it, and goes from the list of nodes. */
    void closeWhenIdle() {
        if (this.closingWhenIdle || !isIdle()) {
            return;
        }
        this.closingWhenIdle = true;
        this.reconciler.timeline().schedule(this.reconciler.settings().idleConnection(), () -> {
            this.closingWhenIdle = false;
            if (isIdle() && !this.backingOff) {
                discard();
                this.reconciler.forget(this);
            }
        });
    }

    private boolean isIdle() {
        return isUnused() && !this.warm;
    }

    private boolean isUnused() {
        return this.held.isEmpty() && this.handovers.isEmpty();
    }

    private void discard() {
        var unused = close();
    }

    /** The future is completed when the socket is closed. */
    CompletableFuture<Void> close() {
        Pipe closing = currentPipe();
        this.link = null;
        return closing != null ? closing.closeAsync() : CompletableFuture.completedFuture(null);
    }

    /** One pipe and what it tells, which counts only as long as it is the node's current one. */
    private final class Link implements PipeListener {

        private volatile @Nullable Pipe pipe;

        private boolean connected;

        /** Set before {@link #disconnected} is told, on another thread but in one order. */
        private volatile boolean outOfStep;

        @Override
        public void connected() {
            later(() -> NodeConnection.this.connected(this));
        }

        @Override
        public void connectFailed(Throwable cause) {
            later(() -> NodeConnection.this.connectFailed(this, LettuceFailure.reason(cause)));
        }

        @Override
        public void disconnected(String reason) {
            later(() -> NodeConnection.this.disconnected(this, reason));
        }

        @Override
        public ChannelTable<WantedChannel> channels() {
            return NodeConnection.this.reconciler.standings().all();
        }

        @Override
        public void message(PipeChannel channel, byte[] payload) {
            if (NodeConnection.this.own.isEmpty()) {
                NodeConnection.this
                        .reconciler
                        .arrivals()
                        .message(NodeConnection.this, (WantedChannel) channel, payload);
            } else {
                message(channel.name(), payload);
            }
        }

        @Override
        public void message(ChannelName channel, byte[] payload) {
            Map<ChannelName, Consumer<byte[]>> own = NodeConnection.this.own;
            Consumer<byte[]> ours = own.isEmpty() ? null : own.get(channel);
            if (ours != null) {
                ours.accept(payload);
            } else {
                NodeConnection.this.reconciler.arrivals().message(NodeConnection.this, channel, payload);
            }
        }

        @Override
        public void endedByServer(ChannelName channel) {
            later(() -> {
                if (this == NodeConnection.this.link) {
                    NodeConnection.this.reconciler.endedByServer(NodeConnection.this, channel);
                }
            });
        }

        @Override
        public void unitFinished(Outcome outcome, Duration took) {
            NodeConnection.this
                    .reconciler
                    .standings()
                    .observe(observer -> observer.unitFinished(NodeConnection.this.address, outcome, took));
        }

        @Override
        public void outOfStep(String seen) {
            this.outOfStep = true;
            NodeConnection.this
                    .reconciler
                    .standings()
                    .observe(observer -> observer.outOfStep(NodeConnection.this.address, seen));
        }

        private void later(Runnable event) {
            NodeConnection.this.reconciler.timeline().execute(event);
        }
    }

    @Override
    public String toString() {
        return this.address.toString();
    }
}
