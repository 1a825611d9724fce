package io.github.shardedpubsub.chaos;

import static org.mockito.Mockito.mock;

import io.github.shardedpubsub.listener.ListenerOptions;
import io.github.shardedpubsub.listener.RecoverableMessage;
import io.github.shardedpubsub.listener.ShardedRedisMessageListenerContainer;
import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.recovery.HistoryLoss;
import io.github.shardedpubsub.recovery.RecoveryObserver;
import io.github.shardedpubsub.recovery.RecoverySettings;
import io.github.shardedpubsub.recovery.ShardRecovery;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import io.lettuce.core.cluster.RedisClusterClient;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.Message;
import org.springframework.data.redis.connection.MessageListener;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.listener.ChannelTopic;

/**
 * The listeners of channels with a history, in a container as an application has it: one on each channel, and on some a second one that is
 * slow and has hardly any room. Some come and go.
 */
final class HistoryListeners implements AutoCloseable {

    private static final int SECOND_ONE_IN = 4;

    private static final ListenerOptions SLOW =
            ListenerOptions.DEFAULTS.withQueueCapacity(3).withConcurrency(2);

    private static final Duration SLOWNESS = Duration.ofMillis(3);

    /** Adding waits so long: never as long as this in a cluster that comes back. */
    private static final Duration ADDING = Duration.ofSeconds(60);

    private final List<Place> places = new ArrayList<>();

    private final Map<ChannelName, HistoryLedger> ledgers = new HashMap<>();

    private final ShardRecovery recovery;

    private final ShardedRedisMessageListenerContainer container;

    private final ExecutorService adding = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "chaos-adding");
        thread.setDaemon(true);
        return thread;
    });

    private final LongAdder recoveries = new LongAdder();

    private final LongAdder duplicates = new LongAdder();

    private final LongAdder readsFailed = new LongAdder();

    private final AtomicLong names = new AtomicLong();

    /** Where a listener is, or is to be. Guarded by itself. */
    private static final class Place {

        private final HistoryLedger ledger;

        private final boolean slow;

        private @Nullable Recording listener;

        private boolean busy;

        Place(HistoryLedger ledger, boolean slow) {
            this.ledger = ledger;
            this.slow = slow;
        }
    }

    private record Recording(HistoryLedger.Entry entry, boolean slow) implements MessageListener {

        @Override
        public void onMessage(Message message, byte @Nullable [] pattern) {
            RecoverableMessage recoverable = (RecoverableMessage) message;
            this.entry.arrived(
                    Long.parseLong(new String(message.getBody(), StandardCharsets.US_ASCII)),
                    recoverable.getPosition(),
                    recoverable.isRecovered());
            if (this.slow) {
                ChaosCluster.last(SLOWNESS);
            }
        }

        /** As one only equals itself. */
        @Override
        public boolean equals(@Nullable Object other) {
            return this == other;
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(this);
        }
    }

    HistoryListeners(
            RedisClusterClient client,
            ShardSubscriptions subscriptions,
            RecoverySettings settings,
            List<HistoryLedger> ledgers) {
        for (int i = 0; i < ledgers.size(); i++) {
            HistoryLedger ledger = ledgers.get(i);
            this.ledgers.put(ledger.channel(), ledger);
            this.places.add(new Place(ledger, false));
            if (i % SECOND_ONE_IN == 0) {
                this.places.add(new Place(ledger, true));
            }
        }
        this.recovery = new ShardRecovery(() -> client, subscriptions, settings);
        this.recovery.addObserver(new RecoveryObserver() {

            @Override
            public void recovered(ChannelName channel, long messages, Duration took) {
                HistoryListeners.this.recoveries.increment();
            }

            @Override
            public void historyLost(ChannelName channel, HistoryLoss loss) {
                HistoryLedger ledger = HistoryListeners.this.ledgers.get(channel);
                if (ledger == null) {
                    throw new AssertionError("Not listened to: " + channel);
                }
                ledger.lost(loss);
            }

            @Override
            public void duplicate(ChannelName channel) {
                HistoryListeners.this.duplicates.increment();
            }

            @Override
            public void readFailed(ChannelName channel, String reason) {
                HistoryListeners.this.readsFailed.increment();
            }
        });
        this.container = new ShardedRedisMessageListenerContainer(subscriptions);
        this.container.setConnectionFactory(mock(RedisConnectionFactory.class));
        this.container.setRecovery(this.recovery);
        this.container.setMaxSubscriptionRegistrationWaitingTime(ADDING.toMillis());
        this.container.afterPropertiesSet();
        this.container.start();
    }

    /** Has a listener in each place where there is none, and does not wait for that. */
    void addAll() {
        this.places.forEach(this::add);
    }

    private void add(Place place) {
        synchronized (place) {
            if (place.busy || place.listener != null) {
                return;
            }
            place.busy = true;
        }
        this.adding.execute(() -> {
            HistoryLedger.Entry entry =
                    place.ledger.listener((place.slow ? "slow listener " : "listener ") + this.names.incrementAndGet());
            Recording listener = new Recording(entry, place.slow);
            boolean added = false;
            try {
                this.container.addMessageListener(
                        listener,
                        List.of(ChannelTopic.of(place.ledger.channel().toString())),
                        place.slow ? SLOW : ListenerOptions.DEFAULTS);
                added = true;
                entry.begun();
            } catch (RuntimeException ex) {
                // refused, for now
                entry.ending();
            } finally {
                synchronized (place) {
                    place.busy = false;
                    place.listener = added ? listener : null;
                }
            }
        });
    }

    private boolean remove(Place place) {
        Recording removed;
        synchronized (place) {
            removed = place.listener;
            place.listener = null;
        }
        if (removed == null) {
            return false;
        }
        removed.entry().ending();
        this.container.removeMessageListener(removed, List.of());
        return true;
    }

    /** Removes some, and adds some that were removed before; some of them at once again. */
    String churn(Random dice) {
        int removed = 0;
        int count = 1 + dice.nextInt(Math.max(1, this.places.size() / 20));
        for (int i = 0; i < count; i++) {
            Place place = this.places.get(dice.nextInt(this.places.size()));
            boolean again = dice.nextInt(4) == 0;
            if (remove(place)) {
                removed++;
                if (again) {
                    add(place);
                }
            } else {
                add(place);
            }
        }
        return removed + " of " + count + " with a history removed, the others added";
    }

    /** Whether each place has its listener. */
    boolean areAll() {
        return this.places.stream().allMatch(place -> {
            synchronized (place) {
                return place.listener != null;
            }
        });
    }

    @Override
    public String toString() {
        return this.recoveries + " recoveries, " + this.duplicates + " duplicates kept away, " + this.readsFailed
                + " readings failed";
    }

    @Override
    public void close() {
        this.adding.shutdownNow();
        this.container.stop();
        try {
            this.container.destroy();
        } catch (Exception ex) {
            throw new IllegalStateException(ex);
        }
        this.recovery.close();
    }
}
