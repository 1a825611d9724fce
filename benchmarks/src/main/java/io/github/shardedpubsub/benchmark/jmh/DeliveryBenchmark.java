package io.github.shardedpubsub.benchmark.jmh;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.pipe.ChannelTable;
import io.github.shardedpubsub.pipe.PipeChannel;
import io.github.shardedpubsub.pipe.PipeInMemory;
import io.github.shardedpubsub.pipe.PipeListener;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
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

/**
 * A message from the bytes that were read to a sink that counts, without a network: our pipe and Lettuce's own handler, over RESP3, given the
 * same stream in the same portions, which end wherever they end.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(
        value = 3,
        jvmArgsAppend = {"-Xms1g", "-Xmx1g"})
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
public class DeliveryBenchmark {

    private static final int MESSAGES = 100_000;

    private static final int PAYLOAD = 100;

    /** Whose handler reads. */
    @Param({"ours", "lettuce"})
    public String handler = "";

    /** Over how many subscribed channels the messages are spread evenly. */
    @Param({"8", "100000"})
    public int channels;

    /** How many bytes are read at a time. */
    @Param({"16384", "65536"})
    public int portion;

    private final ClientResources resources = DefaultClientResources.builder()
            .ioThreadPoolSize(2)
            .computationThreadPoolSize(2)
            .build();

    private @Nullable InMemoryConnection connection;

    private byte[] stream = {};

    private long received;

    /** Connects, subscribes, and writes the stream down. */
    @Setup
    public void connect() {
        List<String> names =
                IntStream.range(0, this.channels).mapToObj(i -> "channel-" + i).toList();
        InMemoryConnection connection = this.handler.equals("ours")
                ? new PipeInMemory(this.resources, new Counting(names))
                : new LettuceInMemory(this.resources, new RedisPubSubAdapter<>() {

                    @Override
                    public void smessage(String channel, byte[] payload) {
                        DeliveryBenchmark.this.received += payload.length;
                    }
                });
        connection.subscribe(names);
        this.connection = connection;
        String payload = InMemoryConnection.bulk("x".repeat(PAYLOAD));
        StringBuilder all = new StringBuilder();
        for (int i = 0; i < MESSAGES; i++) {
            all.append(">3\r\n$8\r\nsmessage\r\n")
                    .append(InMemoryConnection.bulk(names.get(i % this.channels)))
                    .append(payload);
        }
        this.stream = all.toString().getBytes(StandardCharsets.US_ASCII);
    }

    /** All messages of the stream. */
    @Benchmark
    @OperationsPerInvocation(MESSAGES)
    public long deliver() {
        InMemoryConnection connection = connection();
        long before = this.received;
        for (int offset = 0; offset < this.stream.length; offset += this.portion) {
            connection.receive(this.stream, offset, Math.min(this.portion, this.stream.length - offset));
        }
        long delivered = this.received - before;
        if (delivered != (long) MESSAGES * PAYLOAD) {
            throw new IllegalStateException("Only " + delivered + " bytes were delivered");
        }
        return delivered;
    }

    private InMemoryConnection connection() {
        return Objects.requireNonNull(this.connection, "not set up");
    }

    /** Disconnects. */
    @TearDown
    public void close() {
        connection().channel().finishAndReleaseAll();
        this.resources.shutdown(0, 0, TimeUnit.MILLISECONDS);
    }

    private record Subscribed(ChannelName name) implements PipeChannel {}

    private final class Counting implements PipeListener {

        private final ChannelTable<Subscribed> channels = new ChannelTable<>();

        Counting(List<String> names) {
            names.forEach(name -> this.channels.put(new Subscribed(ChannelName.of(name))));
        }

        @Override
        public ChannelTable<?> channels() {
            return this.channels;
        }

        @Override
        public void message(PipeChannel channel, byte[] payload) {
            DeliveryBenchmark.this.received += payload.length;
        }

        @Override
        public void connected() {}

        @Override
        public void connectFailed(Throwable cause) {}

        @Override
        public void disconnected(String reason) {}

        @Override
        public void message(ChannelName channel, byte[] payload) {
            DeliveryBenchmark.this.received += payload.length;
        }

        @Override
        public void endedByServer(ChannelName channel) {}
    }
}
