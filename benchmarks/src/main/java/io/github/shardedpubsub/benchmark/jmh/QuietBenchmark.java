package io.github.shardedpubsub.benchmark.jmh;

import io.github.shardedpubsub.subscription.QuietSubscriptions;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * All that subscriptions do by themselves from one audit to the next while nothing is wrong, on three nodes that answer at once: what grows
 * with the number of channels shows in the difference.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(
        value = 3,
        jvmArgsAppend = {"-Xms1g", "-Xmx1g"})
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class QuietBenchmark {

    /** How many are subscribed. */
    @Param({"1000", "10000", "100000"})
    public int channels;

    private @Nullable QuietSubscriptions subscriptions;

    /** Subscribes them. */
    @Setup
    public void subscribe() {
        this.subscriptions = new QuietSubscriptions(this.channels);
    }

    /** The time from audit to audit. */
    @Benchmark
    public int pass() {
        return Objects.requireNonNull(this.subscriptions).pass();
    }

    /** Ends it. */
    @TearDown
    public void close() {
        Objects.requireNonNull(this.subscriptions).close();
    }
}
