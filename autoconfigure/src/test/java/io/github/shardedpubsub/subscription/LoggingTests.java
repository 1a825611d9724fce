package io.github.shardedpubsub.subscription;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.github.shardedpubsub.pipe.ChannelName;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** What stands in the log of an application whose operator is asleep, and when it is looked at. */
class LoggingTests {

    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();

    private final Logger ours = (Logger) LoggerFactory.getLogger("io.github.shardedpubsub");

    private final DrivenTimeline time = new DrivenTimeline(11);

    private final SimulatedCluster cluster = new SimulatedCluster(this.time, 3);

    @BeforeEach
    void listen() {
        this.lines.start();
        this.ours.addAppender(this.lines);
        this.cluster.topologyKnown();
    }

    @AfterEach
    void stopListening() {
        this.ours.detachAppender(this.lines);
    }

    private SlotFollowingSubscriptions subscribed(SubscriptionSettings settings, int channels) {
        SlotFollowingSubscriptions subscriptions = new SlotFollowingSubscriptions(this.cluster, settings, this.time);
        var unused = subscriptions.subscribe(
                IntStream.range(0, channels)
                        .mapToObj(i -> ChannelName.of("c" + i))
                        .toList(),
                (name, payload) -> {});
        this.time.until(() -> allSubscribed(subscriptions, channels), Simulation.LIMIT);
        return subscriptions;
    }

    private static boolean allSubscribed(SlotFollowingSubscriptions subscriptions, int channels) {
        return subscriptions.counts().getOrDefault(ChannelState.SUBSCRIBED, 0) == channels;
    }

    private List<String> logged() {
        return this.lines.list.stream()
                .filter(event -> event.getLevel().isGreaterOrEqual(Level.INFO))
                .map(event -> event.getLevel() + " " + event.getFormattedMessage())
                .toList();
    }

    private static Map<String, Object> pairs(ILoggingEvent event) {
        return event.getKeyValuePairs().stream().collect(Collectors.toMap(pair -> pair.key, pair -> pair.value));
    }

    @Test
    void whileNothingHappensNothingIsSaid() {
        SlotFollowingSubscriptions subscriptions = subscribed(SubscriptionSettings.DEFAULTS, 50);

        this.time.advance(Duration.ofHours(1));
        ShardSubscription another = subscriptions.subscribe(ChannelName.of("another"), (name, payload) -> {});
        this.time.until(() -> another.confirmed().isDone(), Simulation.LIMIT);
        var unused = another.release();
        this.time.advance(Duration.ofMinutes(1));

        assertThat(logged()).isEmpty();
    }

    @Test
    void tenThousandInterruptionsAreAHandfulOfLines() {
        SlotFollowingSubscriptions subscriptions = subscribed(Simulation.SETTINGS, 10_000);

        this.cluster.nodes.forEach(SimulatedCluster.Node::loseConnections);
        this.time.until(() -> !allSubscribed(subscriptions, 10_000), Simulation.LIMIT);
        this.time.advance(Duration.ofSeconds(10));

        assertThat(allSubscribed(subscriptions, 10_000)).isTrue();
        assertThat(logged()).hasSizeBetween(4, 6);
        assertThat(this.lines.list)
                .filteredOn(event -> event.getLoggerName().endsWith("InterruptionLog"))
                .allSatisfy(
                        event -> assertThat(pairs(event)).containsKey("slots").doesNotContainKey("slot"));
        assertThat(sum("channels")).isEqualTo(10_000);
        assertThat(sum("restored")).isEqualTo(10_000);
    }

    private int sum(String key) {
        return this.lines.list.stream()
                .filter(event -> event.getLoggerName().endsWith("InterruptionLog"))
                .mapToInt(event -> (int) pairs(event).getOrDefault(key, 0))
                .sum();
    }

    @Test
    void aMovedSlotIsOneLineWithItsChannelsNodeCauseAndTime() {
        SlotFollowingSubscriptions subscriptions = subscribed(Simulation.SETTINGS, 20);
        ChannelName channel = ChannelName.of("c3");
        int slot = SimulatedCluster.slot(channel);
        SimulatedCluster.Node from = this.cluster.owner(channel);

        this.cluster.move(slot, this.cluster.other(from));
        this.time.advance(Duration.ofSeconds(10));

        Interruption interruption = Objects.requireNonNull(
                subscriptions.channel(channel).orElseThrow().lastInterruption());
        long millis = Objects.requireNonNull(interruption.duration()).toMillis();
        assertThat(logged())
                .containsExactly("INFO 1 shard channel in slot " + slot + " interrupted at " + from.address
                        + " (ENDED_BY_SERVER: the node ended the subscription); 1 confirmed again, after " + millis
                        + " ms at most");
        assertThat(this.lines.list)
                .filteredOn(event -> event.getLevel() == Level.INFO)
                .singleElement()
                .satisfies(event -> assertThat(pairs(event))
                        .containsEntry("channels", 1)
                        .containsEntry("slot", slot)
                        .containsEntry("node", from.address.toString())
                        .containsEntry("cause", InterruptionCause.ENDED_BY_SERVER)
                        .containsEntry("millis", millis));
    }

    @Test
    void whatIsNotRestoredSoonIsAWarningAndItsEndIsSaidToo() {
        SlotFollowingSubscriptions subscriptions = subscribed(Simulation.SETTINGS, 30);
        SimulatedCluster.Node node = this.cluster.nodes.get(0);

        node.refusesConnections = true;
        node.loseConnections();
        this.time.advance(Duration.ofMinutes(10));
        assertThat(logged())
                .hasSize(2)
                .anySatisfy(line -> assertThat(line).startsWith("WARN Connection to " + node.address + " lost"))
                .anySatisfy(line -> assertThat(line)
                        .startsWith("WARN ")
                        .contains("interrupted at " + node.address, "; 0 confirmed again"));

        node.refusesConnections = false;
        this.time.advance(Duration.ofSeconds(10));
        assertThat(allSubscribed(subscriptions, 30)).isTrue();
        assertThat(logged())
                .hasSize(3)
                .last()
                .asString()
                .matches("INFO \\d+ shard channels in \\d+ slots confirmed again that were lost at .*");
    }

    @Test
    void refusedChannelsAreOneLineThoughTheyAreAskedForAgain() {
        SlotFollowingSubscriptions subscriptions =
                new SlotFollowingSubscriptions(this.cluster, Simulation.SETTINGS, this.time);
        List<ChannelName> channels =
                IntStream.range(0, 40).mapToObj(i -> ChannelName.of("c" + i)).toList();
        this.cluster.nodes.forEach(node -> node.denied.addAll(channels));

        var unused = subscriptions.subscribe(channels, (name, payload) -> {});
        this.time.advance(Duration.ofMinutes(5));

        assertThat(subscriptions.counts()).containsEntry(ChannelState.REFUSED, 40);
        assertThat(logged())
                .singleElement()
                .asString()
                .startsWith("WARN 40 shard channels in ")
                .contains("NOPERM");
    }
}
