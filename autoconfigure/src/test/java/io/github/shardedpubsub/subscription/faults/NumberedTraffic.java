package io.github.shardedpubsub.subscription.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.subscription.Interruption;
import io.github.shardedpubsub.subscription.ShardSubscription;
import io.github.shardedpubsub.test.RedisCluster;
import io.lettuce.core.RedisURI;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.cluster.ClusterClientOptions;
import io.lettuce.core.cluster.ClusterTopologyRefreshOptions;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.api.StatefulRedisClusterConnection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Numbered messages on each of some channels, published a hundred times a second while a fault is at work, and what becomes of
 * them.
 */
final class NumberedTraffic implements AutoCloseable {

    /** A message may be lost this long before we have heard of the interruption, or after we believe it to be over. */
    static final Duration TOLERANCE = Duration.ofMillis(300);

    private static final Logger logger = LoggerFactory.getLogger(NumberedTraffic.class);

    private static final Duration PACE = Duration.ofMillis(10);

    private static final Duration PUBLISH_TIMEOUT = Duration.ofSeconds(2);

    /** In which a message that was published has come, where it comes at all. */
    private static final Duration ARRIVAL = Duration.ofSeconds(5);

    private final ObservedSubscriptions application;

    private final RedisClusterClient client;

    private final StatefulRedisClusterConnection<String, String> publisher;

    private final ScheduledExecutorService clock =
            Executors.newSingleThreadScheduledExecutor(task -> new Thread(task, "numbered-traffic"));

    private final List<NumberedChannel> channels = new ArrayList<>();

    private final List<ShardSubscription> claims = new ArrayList<>();

    private NumberedTraffic(RedisCluster cluster, ObservedSubscriptions application) {
        this.application = application;
        this.client = RedisClusterClient.create(cluster.nodes().stream()
                .map(node -> RedisURI.create(node.host(), node.port()))
                .toList());
        ClusterClientOptions.Builder options = ClusterClientOptions.builder()
                .validateClusterNodeMembership(false)
                .timeoutOptions(TimeoutOptions.enabled(PUBLISH_TIMEOUT))
                .topologyRefreshOptions(ClusterTopologyRefreshOptions.builder()
                        .enablePeriodicRefresh(Duration.ofMillis(250))
                        .build());
        // what was in flight when a connection was lost is not sent twice
        options.replayFilter(command -> true);
        this.client.setOptions(options.build());
        this.publisher = this.client.connect();
    }

    /** Subscribes the channels, and begins to publish once all are confirmed. */
    static NumberedTraffic on(
            RedisCluster cluster, ObservedSubscriptions application, Collection<ChannelName> channels) {
        NumberedTraffic traffic = new NumberedTraffic(cluster, application);
        traffic.subscribe(channels);
        traffic.publish();
        return traffic;
    }

    private void subscribe(Collection<ChannelName> names) {
        List<NumberedChannel> added = names.stream()
                .map(name -> new NumberedChannel(name, this.publisher))
                .toList();
        for (NumberedChannel channel : added) {
            this.claims.add(this.application.subscriptions().subscribe(channel.name(), channel::received));
        }
        this.channels.addAll(added);
        assertThat(this.claims)
                .allSatisfy(claim -> assertThat(claim.confirmed()).succeedsWithin(ObservedSubscriptions.RECOVERY));
    }

    private void publish() {
        var unused = this.clock.scheduleAtFixedRate(
                () -> this.channels.forEach(NumberedChannel::publishNext), 0, PACE.toMillis(), TimeUnit.MILLISECONDS);
        awaitFlowing();
    }

    /** Waits until what is published from now on arrives, on every channel. */
    void awaitFlowing() {
        List<Runnable> checks =
                this.channels.stream().map(NumberedChannel::arrivalFromNow).toList();
        await().atMost(ObservedSubscriptions.RECOVERY)
                .pollInterval(Duration.ofMillis(20))
                .untilAsserted(() -> checks.forEach(Runnable::run));
    }

    /**
     * As {@link #verify(String, Duration)}, for a fault that is told as soon as it happens.
     */
    void verify(String fault) {
        verify(fault, TOLERANCE);
    }

    /**
     * Waits until messages flow again, stops publishing, and requires of each channel that what came ascends, nothing came twice,
     * and whatever is missing was published during an interruption that the application was told of.
     *
     * @param fault what happened, for the log
     * @param unnoticed how long the fault may have been at work before the interruption was told
     */
    void verify(String fault, Duration unnoticed) {
        verifyWithinShard(fault, unnoticed);
        this.channels.forEach(NumberedChannel::assertAscending);
    }

    /**
     * As {@link #verify(String, Duration)}, where master and replica change places: a publisher who takes the old master for one still
     * is answered there, and his message goes to the new one over the cluster bus, where a later one that is published at the new
     * master can overtake it.
     */
    void verifyWithinShard(String fault, Duration unnoticed) {
        awaitFlowing();
        stopPublishing();
        await().atMost(ARRIVAL)
                .untilAsserted(() -> this.channels.forEach(
                        channel -> channel.assertMissingOnlyDuring(interruptions(channel), unnoticed, TOLERANCE)));
        this.channels.forEach(NumberedChannel::assertNothingTwice);
        log(fault);
    }

    /** Does something while nothing is on its way. */
    void betweenMessages(Runnable fault) {
        CompletableFuture<Void> done = CompletableFuture.runAsync(
                () -> {
                    await().atMost(ObservedSubscriptions.RECOVERY)
                            .pollDelay(Duration.ZERO)
                            .pollInterval(Duration.ofMillis(1))
                            .until(() -> this.channels.stream().noneMatch(NumberedChannel::isPublishing));
                    fault.run();
                },
                this.clock);
        assertThat(done).succeedsWithin(ObservedSubscriptions.RECOVERY.multipliedBy(2));
    }

    private void stopPublishing() {
        this.clock.shutdown();
        await().atMost(ObservedSubscriptions.RECOVERY)
                .until(() ->
                        this.clock.isTerminated() && this.channels.stream().noneMatch(NumberedChannel::isPublishing));
    }

    private List<Interruption> interruptions(NumberedChannel channel) {
        return this.application.interruptions(channel.name());
    }

    private void log(String fault) {
        List<Interruption> interruptions = this.channels.stream()
                .flatMap(channel -> interruptions(channel).stream())
                .toList();
        logger.info(
                "{}: {} of {} messages lost; {} interruptions {}, the longest of {} ms; longest silence {} ms",
                fault,
                this.channels.stream().mapToInt(NumberedChannel::lost).sum(),
                this.channels.stream().mapToInt(NumberedChannel::published).sum(),
                interruptions.size(),
                interruptions.stream()
                        .map(interruption -> interruption.cause().toString())
                        .collect(Collectors.toCollection(TreeSet::new)),
                interruptions.stream()
                        .map(Interruption::duration)
                        .mapToLong(duration -> duration == null ? 0 : duration.toMillis())
                        .max()
                        .orElse(0),
                this.channels.stream()
                        .mapToLong(channel -> channel.longestSilence().toMillis())
                        .max()
                        .orElse(0));
    }

    @Override
    public void close() {
        this.clock.shutdownNow();
        this.publisher.close();
        this.client.shutdown(ObservedSubscriptions.QUIET, Duration.ofSeconds(2));
    }
}
