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

    /** Null while it is not to deliver anything. Guarded by this; only whether it is asked for something is looked at without. */
    private volatile @Nullable MessageChain chain;

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
            RecoverySink sink) {
        this.channel = channel;
        this.key = key;
        this.reader = reader;
        this.settings = settings;
        this.observer = observer;
        this.sink = sink;
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
     * Begins with what is published from now on. To be called before the channel is claimed.
     */
    public synchronized void start() {
        if (this.chain != null) {
            return;
        }
        this.begun = new CompletableFuture<>();
        MessageChain begun = new MessageChain(
                this.settings.pageSize(),
                this.settings.bufferCapacity(),
                this.settings.expiry().toMillis(),
                this.steps);
        this.chain = begun;
        begun.begin();
    }

    /**
     * Delivers nothing more.
     */
    public synchronized void stop() {
        this.chain = null;
        this.begun.complete(null);
    }

    /**
     * Completed when it is known where the listener begins: from there on nothing is missed. Completed, too, when it is stopped before.
     */
    public CompletableFuture<@Nullable Void> begun() {
        return this.begun;
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
        if (!this.begun.isDone() && current.lastPosition() != null) {
            this.begun.complete(null);
        }
    }

    @Override
    public String toString() {
        return "recovery of the shard channel '" + this.channel + "'";
    }
}
