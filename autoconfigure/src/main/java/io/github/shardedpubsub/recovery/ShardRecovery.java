package io.github.shardedpubsub.recovery;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.subscription.ChannelState;
import io.github.shardedpubsub.subscription.ChannelTransition;
import io.github.shardedpubsub.subscription.NodeAddress;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import io.github.shardedpubsub.subscription.SubscriptionObserver;
import io.lettuce.core.cluster.RedisClusterClient;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The listeners with recovery: told of each interruption of their channels, each reads what it has missed from its channel's history.
 * Safe for use by any thread.
 */
public final class ShardRecovery implements AutoCloseable {

    private final RecoverySettings settings;

    private final RecoveryObservers observers = new RecoveryObservers();

    private final RecoveryLog log = new RecoveryLog(Clock.systemUTC());

    /** Those that wait for messages from their history: none, while nothing is wrong. */
    private final Set<ChannelRecovery> behind = ConcurrentHashMap.newKeySet();

    private final ChannelRecovery.Stragglers stragglers = new ChannelRecovery.Stragglers() {

        @Override
        public void add(ChannelRecovery recovery) {
            ShardRecovery.this.behind.add(recovery);
        }

        @Override
        public void remove(ChannelRecovery recovery) {
            ShardRecovery.this.behind.remove(recovery);
        }
    };

    private final HistoryReader reader;

    private final StoredPositions positions;

    private final Map<ChannelName, List<ChannelRecovery>> byChannel = new ConcurrentHashMap<>();

    /** How old a position in a store is at most, by default: 1 second. */
    public static final Duration DEFAULT_SAVING_INTERVAL = Duration.ofSeconds(1);

    /** How long positions are kept by default: 7 days. */
    public static final Duration DEFAULT_POSITION_EXPIRY = Duration.ofDays(7);

    /**
     * Creates it without a listener and without a connection. Where listeners are is kept in memory.
     *
     * @see #ShardRecovery(Supplier, ShardSubscriptions, RecoverySettings, ShardPositionStore, Duration)
     */
    public ShardRecovery(
            Supplier<RedisClusterClient> clients, ShardSubscriptions subscriptions, RecoverySettings settings) {
        this(
                clients,
                subscriptions,
                settings,
                new MemoryPositionStore(DEFAULT_POSITION_EXPIRY),
                DEFAULT_SAVING_INTERVAL);
    }

    /**
     * Creates it without a listener and without a connection.
     *
     * @param clients gives the application's client each time; when it gives another one than before, a new connection is opened. The
     *     client is never closed from here
     * @param subscriptions tell of interruptions
     * @param positions keeps where listeners are that go on there; it is not closed from here
     * @param savingInterval how often it is told of each at most
     */
    public ShardRecovery(
            Supplier<RedisClusterClient> clients,
            ShardSubscriptions subscriptions,
            RecoverySettings settings,
            ShardPositionStore positions,
            Duration savingInterval) {
        this.settings = settings;
        this.observers.add(this.log);
        this.positions = new StoredPositions(positions, savingInterval, this.observers);
        this.reader = new HistoryReader(clients, settings.concurrency(), this.observers);
        subscriptions.addObserver(new SubscriptionObserver() {

            @Override
            public void channelChanged(ChannelTransition transition) {
                ShardRecovery.this.channelChanged(transition);
            }

            @Override
            public void handedOver(ChannelName channel, NodeAddress from, NodeAddress to) {
                recoveries(channel).forEach(ChannelRecovery::confirmed);
            }
        });
    }

    /**
     * Registers an observer for all that happens from now on.
     */
    public void addObserver(RecoveryObserver observer) {
        this.observers.add(observer);
    }

    private void channelChanged(ChannelTransition transition) {
        boolean subscribed = transition.to() == ChannelState.SUBSCRIBED;
        for (ChannelRecovery recovery : recoveries(transition.channel())) {
            if (subscribed) {
                recovery.confirmed();
            } else if (transition.from() == ChannelState.SUBSCRIBED) {
                recovery.interrupted();
            }
        }
    }

    private List<ChannelRecovery> recoveries(ChannelName channel) {
        return this.byChannel.getOrDefault(channel, List.of());
    }

    /**
     * Whether a channel has a history, as the settings say.
     */
    public boolean matches(ChannelName channel) {
        return this.settings.matches(channel.toString());
    }

    /**
     * Prepares a listener's recovery, whether or not the settings say that the channel has a history.
     *
     * @param from where it begins
     * @param listener its name; null only where it does not start where it was
     * @throws ShardHistoryImpossibleException for a channel that can have no history
     * @throws IllegalArgumentException for a listener that has to have a name and has none, and
     *     where another with this name starts where it was
     */
    public ChannelRecovery open(ChannelName channel, StartPosition from, @Nullable String listener, RecoverySink sink) {
        byte[] key = HistoryKey.of(channel.toBytes());
        StoredPositions.Place place = null;
        if (from instanceof StartPosition.Stored) {
            if (listener == null) {
                throw new IllegalArgumentException(
                        "A listener on the shard channel '" + channel + "' is to start '" + from
                                + "', and has no name by which it is known where it was. Give it an id, or a name in its options");
            }
            place = this.positions.take(listener, channel);
        }
        ChannelRecovery recovery = new ChannelRecovery(
                channel, key, this.reader, this.settings, this.observers, sink, this.stragglers, from, place);
        // within: another container may just forget its last one
        this.byChannel.compute(channel, (name, present) -> {
            List<ChannelRecovery> all = present != null ? present : new CopyOnWriteArrayList<>();
            all.add(recovery);
            return all;
        });
        return recovery;
    }

    /**
     * Forgets a listener.
     */
    public void close(ChannelRecovery recovery) {
        recovery.stop();
        this.byChannel.computeIfPresent(recovery.channel(), (channel, recoveries) -> {
            recoveries.remove(recovery);
            return recoveries.isEmpty() ? null : recoveries;
        });
        StoredPositions.Place place = recovery.place();
        if (place != null) {
            place.leave();
        }
    }

    /**
     * How many channels have a history and a listener that gets from it what it misses.
     */
    public int channels() {
        return this.byChannel.size();
    }

    /**
     * How the listeners of a channel stand with its history; empty where there is no history, or nobody listens.
     */
    public Optional<RecoveryStatus> channel(ChannelName channel) {
        return recoveries(channel).stream().map(ChannelRecovery::status).reduce(ShardRecovery::together);
    }

    /**
     * How those channels stand that have a listener that waits for messages from the history, or has no room for them, longest first. It looks
     * at no other, so that it costs nothing while nothing is wrong.
     */
    public List<RecoveryStatus> behind() {
        return this.behind.stream()
                .map(ChannelRecovery::channel)
                .distinct()
                .flatMap(channel -> channel(channel).stream())
                .filter(status -> status.behindSince() != null)
                .sorted(Comparator.comparing(status -> Objects.requireNonNull(status.behindSince())))
                .toList();
    }

    private static RecoveryStatus together(RecoveryStatus one, RecoveryStatus other) {
        RecoveryStatus longer = isLonger(other.behindSince(), one.behindSince()) ? other : one;
        ToldLoss oneLoss = one.lastLoss();
        ToldLoss otherLoss = other.lastLoss();
        boolean otherIsLast =
                otherLoss != null && (oneLoss == null || otherLoss.at().isAfter(oneLoss.at()));
        return new RecoveryStatus(
                one.channel(),
                one.listeners() + other.listeners(),
                one.behind() + other.behind(),
                longer.behindSince(),
                longer.position(),
                one.recovered() + other.recovered(),
                one.losses() + other.losses(),
                otherIsLast ? otherLoss : oneLoss,
                one.lastError() != null ? one.lastError() : other.lastError());
    }

    private static boolean isLonger(@Nullable Instant since, @Nullable Instant than) {
        return since != null && (than == null || since.isBefore(than));
    }

    /**
     * What became of all recoveries until now.
     */
    public RecoveryCounts counts() {
        return this.log.counts();
    }

    /**
     * The last times that a listener was told that it cannot have some messages, newest first, at most a hundred.
     */
    public List<ToldLoss> lastLosses() {
        return this.log.lastLosses();
    }

    /**
     * Saves where listeners are, as far as that was not done, and waits for it.
     *
     * @param millis for how long at most
     * @return whether it is done
     */
    public boolean flush(long millis) {
        return this.positions.flush(millis);
    }

    /**
     * Reads and saves nothing more.
     */
    @Override
    public void close() {
        this.reader.close();
        this.positions.close();
    }
}
