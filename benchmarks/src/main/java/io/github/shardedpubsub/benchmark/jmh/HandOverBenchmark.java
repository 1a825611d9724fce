package io.github.shardedpubsub.benchmark.jmh;

import io.github.shardedpubsub.listener.ShardedRedisMessageListenerContainer;
import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.pipe.ReadInMemory;
import io.github.shardedpubsub.subscription.ShardMessageSink;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.listener.ChannelTopic;

/**
 * A message from where subscriptions hand it over to a listener that counts: at once on the same thread, and in order over the container's
 * queues and workers. One thread hands over what it reads at once, as an event loop does, and the time is until the last has been delivered.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(
        value = 3,
        jvmArgsAppend = {"-Xms1g", "-Xmx1g"})
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class HandOverBenchmark {

    /** For 8 channels these fit their queues: nothing is dropped. */
    private static final int MESSAGES = 65_536;

    /** As many as are read at once when they come fast: 64 KiB. */
    private static final int PORTION = 512;

    /** Which way they take. */
    @Param({"direct", "container"})
    public String way = "";

    /** Over how many channels the messages are spread evenly: each has a queue of its own. */
    @Param({"8", "1000"})
    public int channels;

    private final byte[] payload = new byte[100];

    private final LongAdder received = new LongAdder();

    private final List<ChannelName> names = new ArrayList<>();

    private final List<ShardMessageSink> sinks = new ArrayList<>();

    private @Nullable ShardedRedisMessageListenerContainer container;

    /** Adds a listener to all channels. */
    @Setup
    public void listen() {
        List<ChannelTopic> topics = IntStream.range(0, this.channels)
                .mapToObj(i -> ChannelTopic.of("channel-" + i))
                .toList();
        topics.forEach(topic -> this.names.add(ChannelName.of(topic.getTopic())));
        if (this.way.equals("direct")) {
            this.names.forEach(name -> this.sinks.add((channel, payload) -> this.received.increment()));
            return;
        }
        CapturedSinks captured = new CapturedSinks();
        ShardedRedisMessageListenerContainer container = new ShardedRedisMessageListenerContainer(captured);
        // asked for, and never used
        container.setConnectionFactory(new LettuceConnectionFactory());
        container.afterPropertiesSet();
        container.start();
        container.addMessageListener((message, pattern) -> this.received.increment(), topics);
        this.names.forEach(name -> this.sinks.add(captured.sink(name)));
        this.container = container;
    }

    /** Hands all over, and waits until all are delivered. */
    @Benchmark
    @OperationsPerInvocation(MESSAGES)
    public long deliver() {
        long due = this.received.sum() + MESSAGES;
        for (int i = 0; i < MESSAGES; i += PORTION) {
            int first = i;
            ReadInMemory.read(() -> handOver(first));
        }
        while (this.received.sum() < due) {
            LockSupport.parkNanos(10_000);
        }
        return due;
    }

    private void handOver(int first) {
        for (int i = first; i < first + PORTION; i++) {
            int channel = i % this.channels;
            this.sinks.get(channel).message(this.names.get(channel), this.payload);
        }
    }

    /** Stops the container. */
    @TearDown
    public void close() throws Exception {
        if (this.container != null) {
            this.container.destroy();
        }
    }
}
