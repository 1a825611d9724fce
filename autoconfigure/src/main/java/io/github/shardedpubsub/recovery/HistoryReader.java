package io.github.shardedpubsub.recovery;

import io.github.shardedpubsub.subscription.Backoff;
import io.lettuce.core.Limit;
import io.lettuce.core.Range;
import io.lettuce.core.RedisFuture;
import io.lettuce.core.StreamMessage;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.api.async.RedisAdvancedClusterAsyncCommands;
import io.netty.util.concurrent.EventExecutorGroup;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Reads histories, a few at the same time. Each recovery has one reading in the line at most, and goes to its end with the next one, so that
 * all go on side by side, however many there are; and what is in memory is as many pages as are read at the same time. What fails is read
 * again for as long as somebody waits for it.
 *
 * <p>Reads go to the node that serves the slot, never to a replica, which may be behind.
 */
final class HistoryReader {

    private static final Log logger = LogFactory.getLog(HistoryReader.class);

    private static final Backoff BACKOFF = new Backoff(Duration.ofMillis(10), Duration.ofSeconds(1));

    private static final long REFRESH_INTERVAL = TimeUnit.SECONDS.toNanos(1);

    private final Supplier<RedisClusterClient> clients;

    private final int concurrency;

    private final RecoveryObserver observer;

    private final Queue<Reading> line = new ConcurrentLinkedQueue<>();

    private final AtomicInteger running = new AtomicInteger();

    private final AtomicLong refreshDue = new AtomicLong(System.nanoTime());

    private final HistoryConnection connection;

    private volatile boolean closed;

    private record Reading(ChannelRecovery recovery, HistoryRequest request, int failures) {}

    /** Creates it without a connection. */
    HistoryReader(Supplier<RedisClusterClient> clients, int concurrency, RecoveryObserver observer) {
        this.clients = clients;
        this.connection = new HistoryConnection(clients);
        this.concurrency = concurrency;
        this.observer = observer;
    }

    void read(ChannelRecovery recovery, HistoryRequest request) {
        Reading reading = new Reading(recovery, request, 0);
        if (request.attempts() == 0) {
            join(reading);
        } else {
            later(reading, request.attempts());
        }
    }

    private void later(Reading reading, int times) {
        Duration wait = BACKOFF.after(times, ThreadLocalRandom.current().nextDouble());
        inBackground(executor -> {
            var unused = executor.schedule(() -> join(reading), wait.toNanos(), TimeUnit.NANOSECONDS);
        });
    }

    /** The rest is for another thread: this one has the monitor of a recovery, and others' must not be wanted besides. */
    private void join(Reading reading) {
        this.line.add(reading);
        inBackground(executor -> executor.execute(this::readSome));
    }

    private void inBackground(Consumer<EventExecutorGroup> task) {
        try {
            task.accept(this.clients.get().getResources().eventExecutorGroup());
        } catch (RejectedExecutionException | IllegalStateException ex) {
            // The client has ended; over its successor the channels are confirmed anew.
            logger.debug("Nothing is read any more", ex);
        }
    }

    private void readSome() {
        while (!this.closed) {
            int now = this.running.get();
            if (now >= this.concurrency || this.line.isEmpty()) {
                return;
            }
            if (!this.running.compareAndSet(now, now + 1)) {
                continue;
            }
            Reading next = this.line.poll();
            if (next != null && next.recovery().isAsked(next.request())) {
                send(next);
            } else {
                this.running.decrementAndGet();
            }
        }
    }

    private void send(Reading reading) {
        CompletionStage<List<HistoryEntry>> answer;
        try {
            answer = this.connection.send(commands -> sent(commands, reading)).thenApply(HistoryReader::entries);
        } catch (RuntimeException ex) {
            answer = CompletableFuture.failedFuture(ex);
        }
        var unused = answer.whenComplete((entries, failure) -> {
            this.running.decrementAndGet();
            if (failure == null) {
                reading.recovery().answered(reading.request(), entries);
            } else {
                failed(reading, failure);
            }
            readSome();
        });
    }

    private static RedisFuture<List<StreamMessage<byte[], byte[]>>> sent(
            RedisAdvancedClusterAsyncCommands<byte[], byte[]> commands, Reading reading) {
        HistoryRequest request = reading.request();
        byte[] key = reading.recovery().key();
        Range.Boundary<String> from = Range.Boundary.including(request.from().id());
        Limit limit = Limit.create(0, request.count());
        return switch (request.kind()) {
            case LAST -> commands.xrevrange(key, Range.unbounded(), limit);
            case FORWARD -> commands.xrange(key, Range.from(from, Range.Boundary.unbounded()), limit);
            case BACKWARD ->
                commands.xrevrange(
                        key,
                        Range.from(
                                Range.Boundary.unbounded(),
                                Range.Boundary.excluding(request.from().id())),
                        limit);
        };
    }

    /** Null fields are those of entries that others have written. */
    private static List<HistoryEntry> entries(List<StreamMessage<byte[], byte[]>> messages) {
        List<HistoryEntry> entries = new ArrayList<>(messages.size());
        for (StreamMessage<byte[], byte[]> message : messages) {
            String epoch = null;
            byte[] payload = null;
            Link link = null;
            for (Map.Entry<byte[], byte[]> field : message.getBody().entrySet()) {
                switch (new String(field.getKey(), StandardCharsets.US_ASCII)) {
                    case "e" -> epoch = new String(field.getValue(), StandardCharsets.US_ASCII);
                    case "p" -> payload = field.getValue();
                    case "b" ->
                        link = Link.parse(
                                new String(field.getValue(), StandardCharsets.US_ASCII).split(" ", -1), 0, null);
                    default -> {
                        // of a later version
                    }
                }
            }
            StreamPosition position = (epoch != null) ? StreamPosition.of(epoch, message.getId()) : null;
            if (position != null && payload != null) {
                entries.add(new HistoryEntry(position, link, payload));
            }
        }
        return entries;
    }

    private void failed(Reading reading, Throwable failure) {
        if (this.closed || !reading.recovery().isAsked(reading.request())) {
            return;
        }
        logger.debug("The history of " + reading.recovery().channel() + " could not be read", failure);
        this.observer.readFailed(reading.recovery().channel(), String.valueOf(failure.getMessage()));
        refreshTopology();
        later(new Reading(reading.recovery(), reading.request(), reading.failures() + 1), reading.failures() + 1);
    }

    /** Nodes may have gone, and slots with them; at most once a second. */
    private void refreshTopology() {
        long now = System.nanoTime();
        long due = this.refreshDue.get();
        if (now - due >= 0 && this.refreshDue.compareAndSet(due, now + REFRESH_INTERVAL)) {
            try {
                var unused = this.clients.get().refreshPartitionsAsync();
            } catch (RuntimeException ex) {
                logger.debug("The topology could not be refreshed", ex);
            }
        }
    }

    /** Reads nothing more. */
    void close() {
        this.closed = true;
        this.line.clear();
        this.connection.close();
    }
}
