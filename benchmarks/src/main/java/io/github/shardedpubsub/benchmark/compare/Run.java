package io.github.shardedpubsub.benchmark.compare;

import io.github.shardedpubsub.benchmark.client.ClientKind;
import io.github.shardedpubsub.benchmark.report.Series;
import io.github.shardedpubsub.test.RedisCluster;
import io.github.shardedpubsub.test.RedisNode;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The cluster of a run, its options and what has been measured so far. */
final class Run {

    private static final Pattern SHARD_CHANNELS = Pattern.compile("pubsubshard_channels:(\\d+)");

    private static final Duration BETWEEN_QUESTIONS = Duration.ofMillis(1);

    private final RedisCluster cluster;

    private final List<RedisNode> masters;

    private final Options options;

    private final Map<Key, Values> series = new LinkedHashMap<>();

    private record Key(String scenario, String client, String measure, String unit) {}

    private static final class Values {

        private final List<Double> values = new ArrayList<>();

        private @Nullable String note;
    }

    Run(RedisCluster cluster, Options options) {
        this.cluster = cluster;
        this.masters = cluster.masters();
        this.options = options;
    }

    RedisCluster cluster() {
        return this.cluster;
    }

    Options options() {
        return this.options;
    }

    List<String> seeds() {
        return this.masters.stream().map(RedisNode::address).toList();
    }

    WorkerProcess start(ClientKind kind, List<String> channels) throws IOException {
        return new WorkerProcess(kind, seeds(), channels, this.options);
    }

    // ---- channels

    /** So many channels: where they are few, each master serves the same number; where they are many, that comes by itself. */
    List<String> channels(int count) {
        int most = (count + this.masters.size() - 1) / this.masters.size();
        if (most > 1_000) {
            return IntStream.range(0, count).mapToObj(i -> "channel-" + i).toList();
        }
        List<String> channels = new ArrayList<>();
        for (int i = 0; channels.size() < count; i++) {
            RedisNode master = this.masters.get(i % this.masters.size());
            channels.add(this.cluster.channelOwnedBy(master, "channel-" + i));
        }
        return channels;
    }

    /** So many channels that one master serves. */
    List<String> channelsOf(RedisNode master, int count) {
        BitSet slots = this.cluster.slotsOf(master);
        return IntStream.iterate(0, i -> i + 1)
                .mapToObj(i -> "channel-" + i)
                .filter(channel -> slots.get(RedisCluster.slot(channel)))
                .limit(count)
                .toList();
    }

    /** How many shard channels the servers count, each once. */
    long subscribed() {
        long subscribed = 0;
        for (RedisNode master : this.masters) {
            Matcher counted = SHARD_CHANNELS.matcher(master.command("INFO", "stats"));
            if (!counted.find()) {
                throw new IllegalStateException(this.cluster.serverVersion() + " does not count shard channels");
            }
            subscribed += Long.parseLong(counted.group(1));
        }
        return subscribed;
    }

    /**
     * Waits until the servers count so many.
     *
     * @return the time then, as {@link System#nanoTime()}
     * @throws MeasurementException if they do not within the limit
     */
    long awaitSubscribed(long count, Duration limit) {
        long deadline = System.nanoTime() + limit.toNanos();
        while (true) {
            long subscribed = subscribed();
            long now = System.nanoTime();
            if (subscribed == count) {
                return now;
            }
            if (now > deadline) {
                throw new MeasurementException("never within " + limit.toSeconds() + " s (" + subscribed + " of "
                        + count + " channels subscribed)");
            }
            LockSupport.parkNanos(BETWEEN_QUESTIONS.toNanos());
        }
    }

    /** Waits until the servers have forgotten the last process. */
    void awaitNobody() {
        try {
            awaitSubscribed(0, this.options.workLimit());
        } catch (MeasurementException left) {
            throw new IllegalStateException("Somebody is left subscribed", left);
        }
    }

    // ---- results

    void add(Measurement measurement, ClientKind kind, String measure, String unit, double value) {
        values(measurement, kind, measure, unit).values.add(value);
    }

    void addMillis(Measurement measurement, ClientKind kind, long nanos) {
        add(measurement, kind, measurement.measure(), "ms", nanos / (double) TimeUnit.MILLISECONDS.toNanos(1));
    }

    /** Says why there is no number, or no more of them. */
    void note(Measurement measurement, ClientKind kind, String note) {
        String title = measurement.title(this.options);
        Values values = this.series.entrySet().stream()
                .filter(entry -> entry.getKey().scenario().equals(title)
                        && entry.getKey().client().equals(kind.label())
                        && entry.getKey().measure().equals(measurement.measure()))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElseGet(() -> values(measurement, kind, measurement.measure(), ""));
        values.note = note;
    }

    private Values values(Measurement measurement, ClientKind kind, String measure, String unit) {
        return this.series.computeIfAbsent(
                new Key(measurement.title(this.options), kind.label(), measure, unit), key -> new Values());
    }

    boolean isGivenUp(Measurement measurement, ClientKind kind) {
        String title = measurement.title(this.options);
        return this.series.entrySet().stream()
                .anyMatch(entry -> entry.getKey().scenario().equals(title)
                        && entry.getKey().client().equals(kind.label())
                        && entry.getValue().note != null);
    }

    List<Series> series() {
        return this.series.entrySet().stream()
                .map(entry -> new Series(
                        entry.getKey().scenario(),
                        entry.getKey().client(),
                        entry.getKey().measure(),
                        entry.getKey().unit(),
                        entry.getValue().values,
                        entry.getValue().note))
                .toList();
    }
}
