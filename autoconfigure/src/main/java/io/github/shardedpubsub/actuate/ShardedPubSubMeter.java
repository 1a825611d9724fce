package io.github.shardedpubsub.actuate;

import io.micrometer.common.docs.KeyName;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.BaseUnits;
import io.micrometer.core.instrument.docs.MeterDocumentation;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * The meters: their names, units and meanings.
 *
 * <p>Every meter is registered with all values of its tag before anything happens, so that what has not happened shows as 0. No
 * meter has a channel or a node as a tag: the ones are unbounded, the others come and go. Both are in the endpoint.
 */
public enum ShardedPubSubMeter implements MeterDocumentation {

    /** Wanted channels by {@code state}: wanted, subscribing, subscribed, interrupted, refused. */
    SUBSCRIPTIONS(
            "subscriptions",
            Meter.Type.GAUGE,
            "subscriptions",
            KeyNames.STATE,
            "Wanted shard channels, by the state of their subscription"),

    /** For how long the channel that has waited longest has not been confirmed, 0 when all are: the one to raise an alarm on. */
    UNCONFIRMED_AGE(
            "unconfirmed.age",
            Meter.Type.GAUGE,
            null,
            null,
            "Time since the longest unconfirmed of the wanted shard channels changed its state, 0 when all are confirmed"),

    /**
     * Interruptions that are over, from the loss to the next confirmation, by {@code cause}. What was published meanwhile did not come
     * live.
     */
    INTERRUPTIONS(
            "interruptions",
            Meter.Type.TIMER,
            null,
            KeyNames.CAUSE,
            "Time from the loss of a confirmed subscription to its next confirmation"),

    /** Interruptions begun, by {@code cause}. Those that last, and those whose channel was given up meanwhile, are only here. */
    INTERRUPTIONS_BEGUN(
            "interruptions.begun",
            Meter.Type.COUNTER,
            "interruptions",
            KeyNames.CAUSE,
            "Confirmed subscriptions that were lost, whether or not they have been confirmed again"),

    /** Subscriptions ended by a server that nobody had asked to: a slot has moved, was deleted, or was assigned again. */
    SERVER_UNSUBSCRIBES(
            "server.unsubscribes",
            Meter.Type.COUNTER,
            "unsubscribes",
            null,
            "Subscriptions ended by a server on its own, as it does when a slot moves"),

    /** {@code MOVED} answers. */
    REDIRECTS(
            "redirects",
            Meter.Type.COUNTER,
            "redirects",
            null,
            "Subscriptions redirected to another node with a MOVED answer"),

    /** Channels asked for again after a failure. */
    RETRIES(
            "retries",
            Meter.Type.COUNTER,
            "retries",
            null,
            "Shard channels asked for again after a failed or unanswered subscribe"),

    /** Channels whose slot moved and that were subscribed at the new owner before, so that nothing was interrupted. */
    HANDOVERS(
            "handovers",
            Meter.Type.COUNTER,
            "handovers",
            null,
            "Shard channels that followed their slot without an interruption"),

    /** What audits found at a node that was not as it was believed to be. */
    AUDIT_FINDINGS(
            "audit.findings",
            Meter.Type.COUNTER,
            "findings",
            null,
            "Subscriptions and connections that an audit found not to be as they were believed to be"),

    /** Messages of our own through the nodes, by {@code result}: delivered, lost, unknown. None unless probes are switched on. */
    PROBES(
            "probes",
            Meter.Type.COUNTER,
            BaseUnits.MESSAGES,
            KeyNames.RESULT,
            "Messages sent through nodes to see whether they deliver"),

    /** Subscribes and unsubscribes, from sending to their fence, by {@code outcome}: confirmed, refused, unknown. */
    FENCES("fences", Meter.Type.TIMER, null, KeyNames.OUTCOME, "Time from a subscribe or unsubscribe to its fence"),

    /** Connections given up because their replies did not fit what was asked. Anything but 0 is worth a look. */
    OUT_OF_STEP(
            "out.of.step",
            Meter.Type.COUNTER,
            BaseUnits.EVENTS,
            null,
            "Connections closed because their replies did not fit what was asked"),

    /** Connections that stand or should, by {@code state}: connected, disconnected. */
    CONNECTIONS(
            "connections",
            Meter.Type.GAUGE,
            BaseUnits.CONNECTIONS,
            KeyNames.STATE,
            "Connections to nodes that have or should have subscriptions, by whether they stand"),

    /** Connections opened, for the first time or again. */
    CONNECTIONS_OPENED(
            "connections.opened",
            Meter.Type.COUNTER,
            BaseUnits.CONNECTIONS,
            null,
            "Connections to nodes that were opened, for the first time or again"),

    /** Connections that were lost or could not be opened. */
    CONNECTIONS_LOST(
            "connections.lost",
            Meter.Type.COUNTER,
            BaseUnits.CONNECTIONS,
            null,
            "Connections to nodes that were lost or could not be opened"),

    /** Messages received for channels with listeners, before they are queued. */
    MESSAGES(
            "messages",
            Meter.Type.COUNTER,
            BaseUnits.MESSAGES,
            null,
            "Messages received from shard channels that have listeners"),

    /**
     * Messages dropped because their channel is not wanted, or because they came from a node that had not been asked for it. They
     * are not among {@link #MESSAGES}, which is why this is a meter of its own: nobody was to receive them.
     */
    MESSAGES_STRAY(
            "messages.stray",
            Meter.Type.COUNTER,
            BaseUnits.MESSAGES,
            null,
            "Messages dropped because their shard channel is not wanted, or not from the node they came from"),

    /** Messages that wait for a listener now, in all containers. */
    QUEUE_SIZE(
            "queue.size",
            Meter.Type.GAUGE,
            BaseUnits.MESSAGES,
            null,
            "Messages of shard channels that wait to be delivered to listeners"),

    /** How often a connection was read no further, since a queue that blocks was full. Its channels waited meanwhile. */
    READING_PAUSES(
            "reading.pauses",
            Meter.Type.COUNTER,
            "pauses",
            null,
            "Times that a connection was read no further because a listener's queue was full"),

    /**
     * Messages that were received and not delivered to a listener: its queue was full, it was removed, or the container stopped. One
     * that two listeners miss counts twice.
     */
    DROPPED(
            "dropped",
            Meter.Type.COUNTER,
            BaseUnits.MESSAGES,
            null,
            "Messages of shard channels thrown away because a queue was full, a listener removed or the container stopped"),

    /** How often a task executor refused to run listeners, or had no thread. It is asked again, and messages wait. */
    EXECUTOR_REFUSALS(
            "executor.refusals",
            Meter.Type.COUNTER,
            "refusals",
            null,
            "Times that a task executor refused to run listeners of shard channels and was asked again"),

    /** Application events that were not published, since too many waited for event listeners. */
    EVENTS_DROPPED(
            "events.dropped",
            Meter.Type.COUNTER,
            "events",
            null,
            "Application events of shard channels dropped because too many waited for event listeners"),

    /** Calls of listeners, without the time in the queue, by {@code outcome}: success, error. */
    LISTENER("listener", Meter.Type.TIMER, null, KeyNames.OUTCOME, "Time that listeners of shard channels ran"),

    /** Messages published, from the call to the answer, by {@code outcome}: published, refused, unknown. */
    PUBLISHED("published", Meter.Type.TIMER, null, KeyNames.OUTCOME, "Time from publishing a message to its answer"),

    /** Subscribers that the nodes counted for the messages that they took. */
    PUBLISHED_RECEIVERS(
            "published.receivers",
            Meter.Type.COUNTER,
            "receivers",
            null,
            "Subscribers at the nodes that took the published messages"),

    /** Messages that a node sent on to another one with {@code MOVED} or {@code ASK}. */
    PUBLISHED_REDIRECTS(
            "published.redirects",
            Meter.Type.COUNTER,
            "redirects",
            null,
            "Redirects of published messages to another node"),

    /** Messages offered again after a wait: a node refused them for the moment, or there was no connection. */
    PUBLISHED_RETRIES(
            "published.retries",
            Meter.Type.COUNTER,
            "retries",
            null,
            "Published messages that no node had taken and that were offered again"),

    /** From a confirmation after an interruption, or a gap that was seen, until a listener had what it had missed. */
    RECOVERIES(
            "recoveries",
            Meter.Type.TIMER,
            null,
            null,
            "Time until a listener had from the history of a shard channel what it had missed"),

    /** Messages that listeners got from histories, and not live. */
    RECOVERED(
            "recovered",
            Meter.Type.COUNTER,
            BaseUnits.MESSAGES,
            null,
            "Messages that listeners got from the histories of shard channels"),

    /** Channels with a listener that waits for messages from the history, or has no room for them, while they are confirmed. */
    RECOVERY_BEHIND(
            "recovery.behind",
            Meter.Type.GAUGE,
            "channels",
            null,
            "Confirmed shard channels with a listener that waits for messages from the history or has no room for them"),

    /** For how long the one of them that has waited longest has, 0 when none waits: the one to raise an alarm on. */
    RECOVERY_BEHIND_AGE(
            "recovery.behind.age",
            Meter.Type.GAUGE,
            null,
            null,
            "Time since the listener that has waited longest for messages from a history began to wait, 0 when none waits"),

    /** Messages that came when a listener had them already, for the most part from the history. It got them once. */
    RECOVERY_DUPLICATES(
            "recovery.duplicates",
            Meter.Type.COUNTER,
            BaseUnits.MESSAGES,
            null,
            "Messages of shard channels with a history that a listener had already and was not given again"),

    /** Live messages for which a listener had no room, and which it gets from the history when it has. */
    RECOVERY_DEFERRED(
            "recovery.deferred",
            Meter.Type.COUNTER,
            BaseUnits.MESSAGES,
            null,
            "Live messages of shard channels for which a listener had no room and which it gets from the history"),

    /** How often a history could not be read. It is read again, and messages wait. */
    HISTORY_READ_FAILURES(
            "history.read.failures",
            Meter.Type.COUNTER,
            "failures",
            null,
            "Times that the history of a shard channel could not be read and was read again"),

    /** How often a publisher found that a server had lost what it had acknowledged to it. Listeners are told on their own. */
    HISTORY_WRITES_LOST(
            "history.writes.lost",
            Meter.Type.COUNTER,
            "losses",
            null,
            "Times that a publisher found acknowledged messages lost from the history of a shard channel"),

    /** How often a listener was told that it cannot have some messages, by {@code cause}: trimmed, expired, deleted, writes_lost. */
    HISTORY_LOST(
            "history.lost",
            Meter.Type.COUNTER,
            "losses",
            KeyNames.CAUSE,
            "Times that a listener could not have some messages of a shard channel with a history"),

    /** How often a store of positions failed; each is tried again. */
    POSITION_FAILURES(
            "position.failures",
            Meter.Type.COUNTER,
            "failures",
            null,
            "Positions of listeners that could not be loaded or saved and were tried again"),

    /** The application's own pub/sub connections of Lettuce that are open and have the fence. */
    LETTUCE_CONNECTIONS(
            "lettuce.connections",
            Meter.Type.GAUGE,
            BaseUnits.CONNECTIONS,
            null,
            "Open pub/sub connections of the application's own Lettuce client that have the fence"),

    /** The same, given up because their replies did not fit what was asked. Anything but 0 is worth a look. */
    LETTUCE_OUT_OF_STEP(
            "lettuce.out.of.step",
            Meter.Type.COUNTER,
            BaseUnits.EVENTS,
            null,
            "Pub/sub connections of the application's own Lettuce client closed because their replies did not fit");

    /**
     * The tags, whose values are the constants of an enum in lower case.
     */
    public enum KeyNames implements KeyName {

        /** How something stands. */
        STATE,

        /** What began it. */
        CAUSE,

        /** How it ended. */
        OUTCOME,

        /** What became of it. */
        RESULT;

        @Override
        public String asString() {
            return lowerCase(this);
        }
    }

    private static final String PREFIX = "sharded.pubsub.";

    private final String suffix;

    private final Meter.Type type;

    private final @Nullable String baseUnit;

    private final @Nullable KeyNames keyName;

    private final String description;

    ShardedPubSubMeter(
            String suffix, Meter.Type type, @Nullable String baseUnit, @Nullable KeyNames keyName, String description) {
        this.suffix = suffix;
        this.type = type;
        this.baseUnit = baseUnit;
        this.keyName = keyName;
        this.description = description;
    }

    @Override
    public String getName() {
        return PREFIX + this.suffix;
    }

    @Override
    public Meter.Type getType() {
        return this.type;
    }

    /**
     * The unit, null for a time, whose unit is the registry's own.
     */
    @Override
    public @Nullable String getBaseUnit() {
        return this.baseUnit;
    }

    @Override
    public KeyName[] getKeyNames() {
        return this.keyName != null ? new KeyName[] {this.keyName} : EMPTY;
    }

    @Override
    public String getPrefix() {
        return PREFIX;
    }

    /**
     * What the meter measures, as the registry shows it.
     */
    public String getDescription() {
        return this.description;
    }

    Counter counter(MeterRegistry registry) {
        return counter(registry, Tags.empty());
    }

    Counter counter(MeterRegistry registry, Enum<?> tagValue) {
        return counter(registry, tags(tagValue));
    }

    private Counter counter(MeterRegistry registry, Tags tags) {
        return Counter.builder(getName())
                .description(this.description)
                .baseUnit(this.baseUnit)
                .tags(tags)
                .register(registry);
    }

    /** Of what is counted elsewhere; the registry refers weakly to it. */
    <T> void counter(MeterRegistry registry, T counting, ToDoubleFunction<T> count) {
        FunctionCounter.builder(getName(), counting, count)
                .description(this.description)
                .baseUnit(this.baseUnit)
                .register(registry);
    }

    Timer timer(MeterRegistry registry) {
        return timer(registry, Tags.empty());
    }

    Timer timer(MeterRegistry registry, Enum<?> tagValue) {
        return timer(registry, tags(tagValue));
    }

    private Timer timer(MeterRegistry registry, Tags tags) {
        return Timer.builder(getName()).description(this.description).tags(tags).register(registry);
    }

    /** The registry refers weakly to what is measured. */
    <T> void gauge(MeterRegistry registry, T measured, ToDoubleFunction<T> value) {
        gauge(registry, Tags.empty(), measured, value);
    }

    <T> void gauge(MeterRegistry registry, Enum<?> tagValue, T measured, ToDoubleFunction<T> value) {
        gauge(registry, tags(tagValue), measured, value);
    }

    private <T> void gauge(MeterRegistry registry, Tags tags, T measured, ToDoubleFunction<T> value) {
        Gauge.builder(getName(), measured, value)
                .description(this.description)
                .baseUnit(this.baseUnit)
                .tags(tags)
                .register(registry);
    }

    /** In milliseconds, which the registry turns into its own unit of time. */
    <T> void timeGauge(MeterRegistry registry, T measured, ToDoubleFunction<T> millis) {
        TimeGauge.builder(getName(), measured, TimeUnit.MILLISECONDS, millis)
                .description(this.description)
                .register(registry);
    }

    private Tags tags(Enum<?> value) {
        if (this.keyName == null) {
            throw new IllegalStateException(getName() + " has no tag that could be " + value);
        }
        return Tags.of(this.keyName.asString(), lowerCase(value));
    }

    private static String lowerCase(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
