package io.github.shardedpubsub.recovery;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.pipe.ReplyError;
import io.github.shardedpubsub.subscription.Backoff;
import io.lettuce.core.Limit;
import io.lettuce.core.Range;
import io.lettuce.core.RedisCommandExecutionException;
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
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Reads histories, a few at the same time. Each recovery has one reading in the line at most, and goes to its end with the next one, so
 * that all go on side by side, however many there are; and what is in memory is as many pages as are read at the same time. What fails
 * is read again for as long as somebody waits for it.
 *
 * <p>Reads go to the node that serves the slot, never to a replica, which may be behind.
 */
final class HistoryReader {

    private static final Log logger = LogFactory.getLog(HistoryReader.class);

    private static final Backoff BACKOFF = new Backoff(Duration.ofMillis(10), Duration.ofSeconds(1));

    /** A permission is granted by people. */
    private static final Backoff REFUSED_BACKOFF = new Backoff(Duration.ofSeconds(1), Duration.ofSeconds(30));

    /** Up to then it may be a slot that moves, or a failover. */
    private static final int FAILURES_BEFORE_WARNING = 8;

    private static final long WARNING_INTERVAL = TimeUnit.SECONDS.toNanos(10);

    private static final long REFRESH_INTERVAL = TimeUnit.SECONDS.toNanos(1);

    private final Supplier<RedisClusterClient> clients;

    private final int concurrency;

    private final RecoveryObserver observer;

    private final Queue<Reading> line = new ConcurrentLinkedQueue<>();

    private final AtomicInteger running = new AtomicInteger();

    private final AtomicLong refreshDue = new AtomicLong(System.nanoTime());

    private final AtomicLong warningDue = new AtomicLong(System.nanoTime());

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
            later(reading, BACKOFF, request.attempts());
        }
    }

    private void later(Reading reading, Backoff backoff, int times) {
        Duration wait = backoff.after(times, ThreadLocalRandom.current().nextDouble());
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
            // not here: where answers are there at once, each would be within the one before
            inBackground(executor -> executor.execute(this::readSome));
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

    /** Entries that others have written, without an epoch, are left out. */
    private static List<HistoryEntry> entries(List<StreamMessage<byte[], byte[]>> messages) {
        List<HistoryEntry> entries = new ArrayList<>(messages.size());
        for (StreamMessage<byte[], byte[]> message : messages) {
            String epoch = null;
            byte[] payload = null;
            Link link = null;
            for (Map.Entry<byte[], byte[]> field : message.getBody().entrySet()) {
                String name = new String(field.getKey(), StandardCharsets.US_ASCII);
                if (StreamPosition.isEpoch(name)) {
                    epoch = name;
                    payload = field.getValue();
                } else if (name.equals("b")) {
                    link = Link.parse(new String(field.getValue(), StandardCharsets.US_ASCII).split(" ", -1), 0, null);
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
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        ReplyError error = cause instanceof RedisCommandExecutionException
                ? new ReplyError(String.valueOf(cause.getMessage()))
                : null;
        boolean refused = error != null && error.isFinal();
        String reason = cause instanceof TimeoutException
                ? "no answer within " + HistoryConnection.ANSWER_SECONDS + " s"
                : String.valueOf(cause.getMessage());
        this.observer.readFailed(reading.recovery().channel(), reason);
        reading.recovery().failed(reason, refused);
        refreshTopology();
        int failures = reading.failures() + 1;
        log(reading.recovery().channel(), reason, cause, refused || failures >= FAILURES_BEFORE_WARNING);
        later(
                new Reading(reading.recovery(), reading.request(), failures),
                refused ? REFUSED_BACKOFF : BACKOFF,
                failures);
    }

    /** Of thousands that fail together one is enough. */
    private void log(ChannelName channel, String reason, Throwable cause, boolean warning) {
        String said = "The history of the shard channel '" + channel + "' could not be read: " + reason
                + ". It is read again, and what waits for it comes then";
        if (warning && isDue(this.warningDue, WARNING_INTERVAL)) {
            logger.warn(said + " (others are said at DEBUG for 10 s)");
        } else {
            logger.debug(said, cause);
        }
    }

    private static boolean isDue(AtomicLong due, long interval) {
        long now = System.nanoTime();
        long at = due.get();
        return now - at >= 0 && due.compareAndSet(at, now + interval);
    }

    /** Nodes may have gone, and slots with them; at most once a second. */
    private void refreshTopology() {
        if (isDue(this.refreshDue, REFRESH_INTERVAL)) {
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
