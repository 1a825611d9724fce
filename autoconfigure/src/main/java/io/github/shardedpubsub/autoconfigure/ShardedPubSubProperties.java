package io.github.shardedpubsub.autoconfigure;

import io.github.shardedpubsub.listener.OverflowPolicy;
import io.github.shardedpubsub.observation.TracePropagation;
import io.github.shardedpubsub.recovery.EnvelopeForm;
import io.github.shardedpubsub.recovery.RecoverySettings;
import io.github.shardedpubsub.subscription.HandoverSettings;
import io.github.shardedpubsub.subscription.ResubscribeMode;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * The properties of sharded pub/sub. Connection, credentials and TLS are those of {@code spring.data.redis}.
 */
@ConfigurationProperties("sharded-pubsub")
public class ShardedPubSubProperties {

    /**
     * Whether sharded pub/sub is configured at all.
     */
    private boolean enabled = true;

    /**
     * How long adding a listener, and the start with all listeners, wait for the cluster to confirm the channels, and to
     * say where their histories end.
     */
    private Duration subscriptionTimeout = Duration.ofSeconds(10);

    /**
     * How long a node may take to answer a subscribe or unsubscribe before its connection is closed and opened anew.
     */
    private Duration fenceTimeout = Duration.ofSeconds(5);

    /**
     * How long a connection may be silent before a PING asks whether the node is there. Zero never asks.
     */
    private Duration heartbeat = Duration.ofSeconds(5);

    /**
     * How often what the nodes hold is compared with what is believed, to find subscriptions that ended without a word. Zero never
     * does.
     */
    private Duration auditInterval = Duration.ofSeconds(30);

    private final Resubscribe resubscribe = new Resubscribe();

    private final Connection connection = new Connection();

    private final Handover handover = new Handover();

    private final Probe probe = new Probe();

    private final Listener listener = new Listener();

    private final Publisher publisher = new Publisher();

    private final Recovery recovery = new Recovery();

    private final Observation observation = new Observation();

    private final Health health = new Health();

    private final Lettuce lettuce = new Lettuce();

    public boolean isEnabled() {
        return this.enabled;
    }

    public void setEnabled(boolean enabled) {
        this.enabled = enabled;
    }

    public Duration getSubscriptionTimeout() {
        return this.subscriptionTimeout;
    }

    public void setSubscriptionTimeout(Duration subscriptionTimeout) {
        this.subscriptionTimeout = positive(subscriptionTimeout);
    }

    public Duration getFenceTimeout() {
        return this.fenceTimeout;
    }

    public void setFenceTimeout(Duration fenceTimeout) {
        this.fenceTimeout = positive(fenceTimeout);
    }

    public Duration getHeartbeat() {
        return this.heartbeat;
    }

    public void setHeartbeat(Duration heartbeat) {
        this.heartbeat = notNegative(heartbeat);
    }

    public Duration getAuditInterval() {
        return this.auditInterval;
    }

    public void setAuditInterval(Duration auditInterval) {
        this.auditInterval = notNegative(auditInterval);
    }

    public Resubscribe getResubscribe() {
        return this.resubscribe;
    }

    public Connection getConnection() {
        return this.connection;
    }

    public Handover getHandover() {
        return this.handover;
    }

    public Probe getProbe() {
        return this.probe;
    }

    public Listener getListener() {
        return this.listener;
    }

    public Publisher getPublisher() {
        return this.publisher;
    }

    public Recovery getRecovery() {
        return this.recovery;
    }

    public Observation getObservation() {
        return this.observation;
    }

    public Health getHealth() {
        return this.health;
    }

    public Lettuce getLettuce() {
        return this.lettuce;
    }

    private static Duration positive(Duration value) {
        if (value.isNegative() || value.isZero()) {
            throw new IllegalArgumentException("It has to be longer than zero");
        }
        return value;
    }

    private static Duration notNegative(Duration value) {
        if (value.isNegative()) {
            throw new IllegalArgumentException("It must not be negative");
        }
        return value;
    }

    private static int notNegative(int value) {
        if (value < 0) {
            throw new IllegalArgumentException("It must not be negative");
        }
        return value;
    }

    private static int positive(int value) {
        if (value < 1) {
            throw new IllegalArgumentException("It has to be at least 1");
        }
        return value;
    }

    /**
     * How a lost subscription is sought again.
     */
    public static class Resubscribe {

        /**
         * Who subscribes an interrupted channel again. With 'notify' it is the application, by ShardSubscriptions.resubscribe, when it
         * hears the ShardInterruptedEvent; until then the channel stays interrupted, and moving slots are not followed beforehand.
         */
        private ResubscribeMode mode = ResubscribeMode.FOLLOW;

        /**
         * The longest first wait after a failed attempt. Each further one doubles it.
         */
        private Duration initialBackoff = Duration.ofMillis(10);

        /**
         * The longest wait between two attempts. They never end.
         */
        private Duration maxBackoff = Duration.ofSeconds(2);

        /**
         * How long a channel that was refused for want of permission is left alone before it is asked for again.
         */
        private Duration refusedInterval = Duration.ofSeconds(30);

        public ResubscribeMode getMode() {
            return this.mode;
        }

        public void setMode(ResubscribeMode mode) {
            this.mode = mode;
        }

        public Duration getInitialBackoff() {
            return this.initialBackoff;
        }

        public void setInitialBackoff(Duration initialBackoff) {
            this.initialBackoff = positive(initialBackoff);
        }

        public Duration getMaxBackoff() {
            return this.maxBackoff;
        }

        public void setMaxBackoff(Duration maxBackoff) {
            this.maxBackoff = positive(maxBackoff);
        }

        public Duration getRefusedInterval() {
            return this.refusedInterval;
        }

        public void setRefusedInterval(Duration refusedInterval) {
            this.refusedInterval = positive(refusedInterval);
        }
    }

    /**
     * The connections to the nodes.
     */
    public static class Connection {

        /**
         * How long a connection on which no channel is left stays open.
         */
        private Duration idleTimeout = Duration.ofSeconds(10);

        /**
         * Whether connections to all upstream nodes are kept open as long as there is any channel, so that a slot's new owner can be
         * asked without connecting first.
         */
        private boolean warm = true;

        public Duration getIdleTimeout() {
            return this.idleTimeout;
        }

        public void setIdleTimeout(Duration idleTimeout) {
            this.idleTimeout = notNegative(idleTimeout);
        }

        public boolean isWarm() {
            return this.warm;
        }

        public void setWarm(boolean warm) {
            this.warm = warm;
        }
    }

    /**
     * Subscribing at a slot's next owner before the slot has moved.
     */
    public static class Handover {

        /**
         * Whether nodes are asked which slots are leaving them, so that a channel is subscribed at the next owner beforehand.
         */
        private boolean enabled = true;

        /**
         * How often each node that holds channels is asked for leaving slots in quiet times.
         */
        private Duration interval = Duration.ofSeconds(2);

        /**
         * How often a node is asked that a slot is leaving or has just left.
         */
        private Duration quickInterval = Duration.ofMillis(20);

        /**
         * How long a node is asked so often after the last sign of a moving slot.
         */
        private Duration quickFor = Duration.ofSeconds(10);

        public boolean isEnabled() {
            return this.enabled;
        }

        public void setEnabled(boolean enabled) {
            this.enabled = enabled;
        }

        public Duration getInterval() {
            return this.interval;
        }

        public void setInterval(Duration interval) {
            this.interval = positive(interval);
        }

        public Duration getQuickInterval() {
            return this.quickInterval;
        }

        public void setQuickInterval(Duration quickInterval) {
            this.quickInterval = positive(quickInterval);
        }

        public Duration getQuickFor() {
            return this.quickFor;
        }

        public void setQuickFor(Duration quickFor) {
            this.quickFor = notNegative(quickFor);
        }

        HandoverSettings toSettings() {
            return this.enabled
                    ? new HandoverSettings(this.interval, this.quickInterval, this.quickFor)
                    : HandoverSettings.OFF;
        }
    }

    /**
     * A message of our own through every node that holds channels.
     */
    public static class Probe {

        /**
         * How often each node that holds channels is sent a message that it must deliver back. By default never. The user needs the
         * permission for SPUBLISH and for channels named 'sharded-pubsub:probe:*'.
         */
        private Duration interval = Duration.ZERO;

        public Duration getInterval() {
            return this.interval;
        }

        public void setInterval(Duration interval) {
            this.interval = notNegative(interval);
        }
    }

    /**
     * The listener container.
     */
    public static class Listener {

        /**
         * Whether the listener containers start with the application.
         */
        private boolean autoStartup = true;

        /**
         * Whether the application fails to start if channels are not confirmed within the subscription timeout. Otherwise it starts
         * with a warning and they are confirmed later. Refused channels always prevent the start.
         */
        private boolean failOnStartTimeout = true;

        /**
         * How many calls of listeners run at the same time, for those without a concurrency of their own. By default the number of
         * processors, and at least 4; with virtual threads as many as there are channels. The reactive container gives so many
         * subscribers messages at the same time.
         */
        private @Nullable Integer concurrency;

        /**
         * How many messages of one channel can wait for a listener, or for a subscriber of the reactive container.
         */
        private int queueCapacity = 10_000;

        /**
         * What is done when a queue is full. Where it blocks, the node's connection is read no further until the queue is half empty.
         */
        private OverflowPolicy overflow = OverflowPolicy.DROP_OLDEST;

        /**
         * How long the stop waits for listeners to take what was received, and for subscribers to take what they have requested.
         */
        private Duration shutdownTimeout = Duration.ofSeconds(10);

        /**
         * Name of the ErrorHandler bean that is given what listeners throw. By default the only one there is; without one it is logged.
         */
        private @Nullable String errorHandler;

        /**
         * Name of the TaskExecutor bean that runs listeners and signals. It has to run as many tasks at once as there are concurrent calls. By
         * default threads of each container's own.
         */
        private @Nullable String taskExecutor;

        public boolean isAutoStartup() {
            return this.autoStartup;
        }

        public void setAutoStartup(boolean autoStartup) {
            this.autoStartup = autoStartup;
        }

        public boolean isFailOnStartTimeout() {
            return this.failOnStartTimeout;
        }

        public void setFailOnStartTimeout(boolean failOnStartTimeout) {
            this.failOnStartTimeout = failOnStartTimeout;
        }

        public @Nullable Integer getConcurrency() {
            return this.concurrency;
        }

        public void setConcurrency(@Nullable Integer concurrency) {
            this.concurrency = (concurrency != null) ? Integer.valueOf(positive(concurrency)) : null;
        }

        public int getQueueCapacity() {
            return this.queueCapacity;
        }

        public void setQueueCapacity(int queueCapacity) {
            this.queueCapacity = positive(queueCapacity);
        }

        public OverflowPolicy getOverflow() {
            return this.overflow;
        }

        public void setOverflow(OverflowPolicy overflow) {
            this.overflow = overflow;
        }

        public Duration getShutdownTimeout() {
            return this.shutdownTimeout;
        }

        public void setShutdownTimeout(Duration shutdownTimeout) {
            this.shutdownTimeout = notNegative(shutdownTimeout);
        }

        public @Nullable String getErrorHandler() {
            return this.errorHandler;
        }

        public void setErrorHandler(@Nullable String errorHandler) {
            this.errorHandler = errorHandler;
        }

        public @Nullable String getTaskExecutor() {
            return this.taskExecutor;
        }

        public void setTaskExecutor(@Nullable String taskExecutor) {
            this.taskExecutor = taskExecutor;
        }
    }

    /**
     * Publishing.
     */
    public static class Publisher {

        /**
         * How long a message that no node has taken is offered again: after a redirect, CLUSTERDOWN, TRYAGAIN or LOADING, or
         * without a connection. Zero never does, but for the first redirect.
         */
        private Duration retryTimeout = Duration.ofSeconds(2);

        public Duration getRetryTimeout() {
            return this.retryTimeout;
        }

        public void setRetryTimeout(Duration retryTimeout) {
            this.retryTimeout = notNegative(retryTimeout);
        }
    }

    /**
     * What channels keep of their messages, for listeners that did not get them live.
     */
    public static class Recovery {

        /**
         * Names of the channels that have a history, from which listeners get what they missed; '*' stands for anything in a name. It has to be
         * the same for all who publish and listen to a channel. By default there are none.
         */
        private List<String> channels = List.of();

        /**
         * How many messages a channel's history keeps at least.
         */
        private int historyLength = 1000;

        /**
         * How long a channel's history is kept after the last message; two seconds or longer.
         */
        private Duration historyExpiry = Duration.ofMinutes(10);

        /**
         * How many histories are read at the same time.
         */
        private int concurrency = 16;

        /**
         * How many replicas have to confirm a message for a channel with a history before its publisher is told that it is published, so that
         * no failover to one of them loses it. Each message waits for them, and so do those behind it on the node's connection. Zero waits
         * for none.
         */
        private int replicas;

        /**
         * How long replicas are waited for, a millisecond or longer. Then publishing fails, though the message is published.
         */
        private Duration replicaTimeout = Duration.ofSeconds(1);

        /**
         * How the envelope looks in which messages are published on channels with recovery. Listeners with recovery take both forms; 'text' is
         * for other subscribers that decode each message as UTF-8.
         */
        private EnvelopeForm envelope = EnvelopeForm.BINARY;

        /**
         * Where positions of listeners that start 'stored' are kept: in the application's memory, or in Redis, in the slot of each channel.
         * A ShardPositionStore bean replaces it.
         */
        private Positions positions = Positions.MEMORY;

        /**
         * How often a listener's position on a channel is saved at most. What it has taken since, it gets again after a crash.
         */
        private Duration positionInterval = Duration.ofSeconds(1);

        /**
         * How long the position of a listener that does not come back is kept; two days or longer.
         */
        private Duration positionExpiry = Duration.ofDays(7);

        public List<String> getChannels() {
            return this.channels;
        }

        public void setChannels(List<String> channels) {
            this.channels = channels;
        }

        public int getHistoryLength() {
            return this.historyLength;
        }

        public void setHistoryLength(int historyLength) {
            this.historyLength = positive(historyLength);
        }

        public Duration getHistoryExpiry() {
            return this.historyExpiry;
        }

        public void setHistoryExpiry(Duration historyExpiry) {
            if (historyExpiry.compareTo(Duration.ofSeconds(2)) < 0) {
                throw new IllegalArgumentException("It has to be 2 seconds or longer");
            }
            this.historyExpiry = historyExpiry;
        }

        public int getConcurrency() {
            return this.concurrency;
        }

        public void setConcurrency(int concurrency) {
            this.concurrency = positive(concurrency);
        }

        public int getReplicas() {
            return this.replicas;
        }

        public void setReplicas(int replicas) {
            this.replicas = notNegative(replicas);
        }

        public Duration getReplicaTimeout() {
            return this.replicaTimeout;
        }

        public void setReplicaTimeout(Duration replicaTimeout) {
            this.replicaTimeout = positive(replicaTimeout);
        }

        public EnvelopeForm getEnvelope() {
            return this.envelope;
        }

        public void setEnvelope(EnvelopeForm envelope) {
            this.envelope = envelope;
        }

        public Positions getPositions() {
            return this.positions;
        }

        public void setPositions(Positions positions) {
            this.positions = positions;
        }

        public Duration getPositionInterval() {
            return this.positionInterval;
        }

        public void setPositionInterval(Duration positionInterval) {
            this.positionInterval = positive(positionInterval);
        }

        public Duration getPositionExpiry() {
            return this.positionExpiry;
        }

        public void setPositionExpiry(Duration positionExpiry) {
            this.positionExpiry = positive(positionExpiry);
        }

        /** Where positions are kept. */
        public enum Positions {

            /** In the memory of the application. */
            MEMORY,

            /** In Redis. */
            REDIS
        }

        RecoverySettings toSettings() {
            return RecoverySettings.DEFAULTS
                    .withChannels(this.channels)
                    .withLength(this.historyLength)
                    .withExpiry(this.historyExpiry)
                    .withConcurrency(this.concurrency)
                    .withReplicas(this.replicas, this.replicaTimeout);
        }
    }

    /**
     * Observations of publishing and of listeners' calls.
     */
    public static class Observation {

        /**
         * Whether each message that is published and each call of a listener is an observation, where there is an ObservationRegistry.
         */
        private boolean enabled;

        /**
         * Whether traces travel within payloads, which are put into an envelope for that. Let all applications accept envelopes before
         * the first one sends any: others take them for payloads.
         */
        private TracePropagation propagation = TracePropagation.NONE;

        public boolean isEnabled() {
            return this.enabled;
        }

        public void setEnabled(boolean enabled) {
            this.enabled = enabled;
        }

        public TracePropagation getPropagation() {
            return this.propagation;
        }

        public void setPropagation(TracePropagation propagation) {
            this.propagation = propagation;
        }
    }

    /**
     * The health indicator.
     */
    public static class Health {

        /**
         * How long a channel may be unconfirmed before the application is reported as down.
         */
        private Duration patience = Duration.ofSeconds(5);

        /**
         * How many channels may be unconfirmed for longer than that without the application being reported as down, as where many are
         * listened to for others and some of them may be refused.
         */
        private int toleratedChannels;

        public Duration getPatience() {
            return this.patience;
        }

        public void setPatience(Duration patience) {
            this.patience = notNegative(patience);
        }

        public int getToleratedChannels() {
            return this.toleratedChannels;
        }

        public void setToleratedChannels(int toleratedChannels) {
            this.toleratedChannels = notNegative(toleratedChannels);
        }
    }

    /**
     * The application's own Lettuce connections.
     */
    public static class Lettuce {

        /**
         * Whether the pub/sub connections of the application's own Lettuce client get the fence, too, so that no command gets the
         * reply to another when a slot moves. Where sharded pub/sub is disabled, it must be set to true to have it.
         */
        private boolean fence = true;

        public boolean isFence() {
            return this.fence;
        }

        public void setFence(boolean fence) {
            this.fence = fence;
        }
    }
}
