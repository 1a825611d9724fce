package io.github.shardedpubsub.recovery;

import io.github.shardedpubsub.pipe.ChannelName;
import java.time.Duration;
import java.time.Instant;
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

    private final Stragglers stragglers;

    /** Told when it begins to wait for messages from the history, and when it waits no more. Called under its monitor. */
    interface Stragglers {

        void add(ChannelRecovery recovery);

        void remove(ChannelRecovery recovery);
    }

    private final StartPosition from;

    /** Where it is told how far the listener is; null if it does not go on there another time. */
    private final StoredPositions.@Nullable Place place;

    /** Null while it is not to deliver anything. Guarded by this; only whether it is asked for something is looked at without. */
    private volatile @Nullable MessageChain chain;

    /** Up to where it delivered before it was stopped, and what waited then waits still; else null. Guarded by this. */
    private @Nullable ListenerPosition delivered;

    /** By the time of day. Guarded by this. */
    private long startedAt;

    private volatile CompletableFuture<@Nullable Void> begun = new CompletableFuture<>();

    private final Standing standing = new Standing();

    /** What is shown of it. Guarded by the recovery. */
    private static final class Standing {

        private boolean behind;

        private long recovered;

        private long losses;

        private @Nullable ToldLoss lastLoss;

        private @Nullable String lastError;
    }

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
            ChannelRecovery.this.standing.recovered++;
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
            ChannelRecovery.this.standing.losses++;
            ChannelRecovery.this.standing.lastLoss =
                    new ToldLoss(Instant.now(), ChannelRecovery.this.channel.toString(), loss);
            ChannelRecovery.this.observer.historyLost(ChannelRecovery.this.channel, loss);
        }

        @Override
        public void duplicate() {
            ChannelRecovery.this.observer.duplicate(ChannelRecovery.this.channel);
        }

        @Override
        public void deferred(int messages) {
            ChannelRecovery.this.observer.deferred(ChannelRecovery.this.channel, messages);
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
            Stragglers stragglers,
            StartPosition from,
            StoredPositions.@Nullable Place place) {
        this.channel = channel;
        this.key = key;
        this.reader = reader;
        this.settings = settings;
        this.observer = observer;
        this.sink = sink;
        this.stragglers = stragglers;
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
     * Begins where the listener is to start; where it goes on, behind what waits for it already. To be called before the channel is claimed.
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
        ListenerPosition waiting = this.delivered;
        this.delivered = null;
        if (waiting != null) {
            begin(starting, waiting, this.from);
        } else if (this.from instanceof StartPosition.Stored stored && this.place != null) {
            this.place.load(
                    position -> begin(starting, position, stored.otherwise()), reason -> failed(starting, reason));
        } else {
            begin(starting, null, this.from);
        }
    }

    private synchronized void failed(MessageChain starting, String reason) {
        if (this.chain == starting) {
            failed(reason, false);
            stand();
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
        this.standing.lastError = null;
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
     * Delivers nothing more. What is delivered and waits may be taken still.
     */
    public synchronized void stop() {
        MessageChain stopped = this.chain;
        this.chain = null;
        if (stopped != null) {
            stopped(stopped);
        }
        this.begun.complete(null);
        stand();
    }

    private void stopped(MessageChain stopped) {
        StreamPosition last = stopped.lastPosition();
        if (this.place != null && last != null) {
            long now = now();
            long upToDateAt = System.currentTimeMillis() - (now - stopped.upToDateAt(now));
            this.place.upToDate(last, upToDateAt);
            this.delivered = new ListenerPosition(last, Instant.ofEpochMilli(upToDateAt));
        }
        int dropped = stopped.undelivered(this.place != null);
        if (dropped > 0) {
            this.sink.dropped(dropped);
        }
    }

    /**
     * What was delivered and waits is thrown away. A listener that goes on where it was gets it again.
     */
    public synchronized void discarded() {
        this.delivered = null;
    }

    /**
     * Completed when it is known where the listener begins: from there on nothing is missed. Completed, too, when it is stopped before; and
     * with a {@link ShardHistoryRefusedException} when the server does not let it read that.
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
            stand();
        } else {
            this.sink.dropped(1);
        }
    }

    /**
     * The channel is confirmed, for the first time or again.
     */
    public synchronized void confirmed() {
        MessageChain current = this.chain;
        if (current != null) {
            current.confirmed(now());
            stand();
        }
    }

    synchronized void interrupted() {
        MessageChain current = this.chain;
        if (current != null) {
            current.interrupted(now());
            stand();
        }
    }

    /**
     * There is room for messages again.
     */
    public synchronized void room() {
        MessageChain current = this.chain;
        if (current != null) {
            current.room(now());
            stand();
        }
    }

    boolean isAsked(HistoryRequest request) {
        MessageChain current = this.chain;
        return current != null && current.isAsked(request);
    }

    synchronized void answered(HistoryRequest request, List<HistoryEntry> entries) {
        MessageChain current = this.chain;
        if (current != null) {
            this.standing.lastError = null;
            current.answered(request, entries, now());
            tellIfBegun(current);
            stand();
        }
    }

    /**
     * What was asked for could not be read, and is asked for again.
     *
     * @param refused whether that cannot help before somebody grants a permission
     */
    synchronized void failed(String error, boolean refused) {
        this.standing.lastError = error;
        if (refused && !this.begun.isDone()) {
            // whoever waits for it is told at once
            this.begun.completeExceptionally(new ShardHistoryRefusedException(this.channel.toString(), error));
        }
    }

    private void stand() {
        MessageChain current = this.chain;
        boolean behind = current != null && current.isBehind();
        if (behind == this.standing.behind) {
            return;
        }
        this.standing.behind = behind;
        if (behind) {
            this.stragglers.add(this);
        } else {
            this.standing.lastError = null;
            this.stragglers.remove(this);
        }
    }

    /** How this one stands. */
    synchronized RecoveryStatus status() {
        MessageChain current = this.chain;
        Standing shown = this.standing;
        Instant behindSince =
                current != null && shown.behind ? Instant.now().minusMillis(now() - current.behindSince()) : null;
        return new RecoveryStatus(
                this.channel.toString(),
                1,
                behindSince != null ? 1 : 0,
                behindSince,
                current != null ? current.lastPosition() : null,
                shown.recovered,
                shown.losses,
                shown.lastLoss,
                behindSince != null ? shown.lastError : null);
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
