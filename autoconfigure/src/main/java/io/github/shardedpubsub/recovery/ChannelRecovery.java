package io.github.shardedpubsub.recovery;

import io.github.shardedpubsub.pipe.ChannelName;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One listener on one channel, with what it is to get of that and has got. Its monitor is held for as long as messages are handed on,
 * which never waits. Safe for use by any thread.
 */
public final class ChannelRecovery {

    private final ChannelName channel;

    private final byte[] key;

    private final HistoryReader reader;

    private final RecoverySettings settings;

    private final RecoveryObserver observer;

    private final RecoverySink sink;

    private final StartPosition from;

    /** Where it is told how far the listener is; null if it does not go on there another time. */
    private final StoredPositions.@Nullable Place place;

    /** Null while it is not to deliver anything. Guarded by this; only whether it is asked for something is looked at without. */
    private volatile @Nullable MessageChain chain;

    /** By the time of day. Guarded by this. */
    private long startedAt;

    private volatile CompletableFuture<@Nullable Void> begun = new CompletableFuture<>();

    private final MessageChain.Steps steps = new MessageChain.Steps() {

        @Override
        public boolean hasRoom() {
            return ChannelRecovery.this.sink.hasRoom();
        }

        @Override
        public void deliver(ShardEnvelope envelope) {
            ChannelRecovery.this.sink.message(envelope.message());
        }

        @Override
        public void deliver(HistoryEntry entry) {
            ChannelRecovery.this.sink.message(HistoryMessage.recovered(entry));
        }

        @Override
        public void deliverPlain(byte[] message) {
            ChannelRecovery.this.sink.message(HistoryMessage.plain(message));
        }

        @Override
        public void dropPlain(int count) {
            ChannelRecovery.this.sink.dropped(count);
        }

        @Override
        public void read(HistoryRequest request) {
            ChannelRecovery.this.reader.read(ChannelRecovery.this, request);
        }

        @Override
        public void lost(HistoryLoss loss) {
            ChannelRecovery.this.observer.historyLost(ChannelRecovery.this.channel, loss);
        }

        @Override
        public void duplicate() {
            ChannelRecovery.this.observer.duplicate(ChannelRecovery.this.channel);
        }

        @Override
        public void recovered(long messages, long since) {
            ChannelRecovery.this.observer.recovered(
                    ChannelRecovery.this.channel, messages, Duration.ofMillis(now() - since));
        }
    };

    ChannelRecovery(
            ChannelName channel,
            byte[] key,
            HistoryReader reader,
            RecoverySettings settings,
            RecoveryObserver observer,
            RecoverySink sink,
            StartPosition from,
            StoredPositions.@Nullable Place place) {
        this.channel = channel;
        this.key = key;
        this.reader = reader;
        this.settings = settings;
        this.observer = observer;
        this.sink = sink;
        this.from = from;
        this.place = place;
    }

    private static long now() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
    }

    ChannelName channel() {
        return this.channel;
    }

    byte[] key() {
        return this.key;
    }

    /**
     * Begins where the listener is to start. To be called before the channel is claimed.
     */
    public synchronized void start() {
        if (this.chain != null) {
            return;
        }
        this.begun = new CompletableFuture<>();
        MessageChain starting = new MessageChain(
                this.settings.pageSize(),
                this.settings.bufferCapacity(),
                this.settings.expiry().toMillis(),
                this.steps);
        this.chain = starting;
        this.startedAt = System.currentTimeMillis();
        if (this.from instanceof StartPosition.Stored stored && this.place != null) {
            this.place.load(position -> begin(starting, position, stored.otherwise()));
        } else {
            begin(starting, null, this.from);
        }
    }

    private synchronized void begin(MessageChain starting, @Nullable ListenerPosition stored, StartPosition otherwise) {
        if (this.chain != starting) {
            return;
        }
        if (stored != null) {
            starting.resume(stored, now(), System.currentTimeMillis());
        } else {
            starting.begin(otherwise, now(), System.currentTimeMillis());
        }
        tellIfBegun(starting);
    }

    /**
     * Its channel is about to be released. A listener that goes on where it was gets another time what would have to be read now.
     */
    public void releasing() {
        if (this.place != null) {
            interrupted();
        }
    }

    /**
     * Delivers nothing more.
     */
    public synchronized void stop() {
        MessageChain stopped = this.chain;
        this.chain = null;
        StreamPosition last = stopped != null ? stopped.lastPosition() : null;
        if (this.place != null && stopped != null && last != null) {
            long now = now();
            this.place.upToDate(last, System.currentTimeMillis() - (now - stopped.upToDateAt(now)));
        }
        this.begun.complete(null);
    }

    /**
     * Completed when it is known where the listener begins: from there on nothing is missed. Completed, too, when it is stopped before.
     */
    public CompletableFuture<@Nullable Void> begun() {
        return this.begun;
    }

    /**
     * The listener has taken a message, and can go on behind it another time.
     */
    public void taken(StreamPosition position) {
        if (this.place != null) {
            this.place.taken(position);
        }
    }

    StoredPositions.@Nullable Place place() {
        return this.place;
    }

    /**
     * A message came from the server, on an event loop.
     */
    public synchronized void message(byte[] message) {
        MessageChain current = this.chain;
        if (current != null) {
            current.message(message, now());
            tellIfBegun(current);
        }
    }

    /**
     * The channel is confirmed, for the first time or again.
     */
    public synchronized void confirmed() {
        MessageChain current = this.chain;
        if (current != null) {
            current.confirmed(now());
        }
    }

    synchronized void interrupted() {
        MessageChain current = this.chain;
        if (current != null) {
            current.interrupted(now());
        }
    }

    /**
     * There is room for messages again.
     */
    public synchronized void room() {
        MessageChain current = this.chain;
        if (current != null) {
            current.room(now());
        }
    }

    boolean isAsked(HistoryRequest request) {
        MessageChain current = this.chain;
        return current != null && current.isAsked(request);
    }

    synchronized void answered(HistoryRequest request, List<HistoryEntry> entries) {
        MessageChain current = this.chain;
        if (current != null) {
            current.answered(request, entries, now());
            tellIfBegun(current);
        }
    }

    private void tellIfBegun(MessageChain current) {
        if (!this.begun.isDone() && current.hasBegun()) {
            StreamPosition beginning = current.beginning();
            if (this.place != null && beginning != null) {
                this.place.begunAt(beginning, this.startedAt);
            }
            this.begun.complete(null);
        }
    }

    @Override
    public String toString() {
        return "recovery of the shard channel '" + this.channel + "'";
    }
}
