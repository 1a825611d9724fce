package io.github.shardedpubsub.recovery;

import io.github.shardedpubsub.pipe.ChannelName;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/** Counts what becomes of recoveries, and remembers the last losses. Safe for use by any thread. */
final class RecoveryLog implements RecoveryObserver {

    static final int REMEMBERED = 100;

    private final Clock clock;

    private final LongAdder recovered = new LongAdder();

    private final LongAdder duplicates = new LongAdder();

    private final LongAdder deferred = new LongAdder();

    private final LongAdder readFailures = new LongAdder();

    private final LongAdder losses = new LongAdder();

    /** Newest first. Guarded by itself. */
    private final Deque<ToldLoss> lastLosses = new ArrayDeque<>();

    RecoveryLog(Clock clock) {
        this.clock = clock;
    }

    @Override
    public void recovered(ChannelName channel, long messages, Duration took) {
        this.recovered.add(messages);
    }

    @Override
    public void historyLost(ChannelName channel, HistoryLoss loss) {
        this.losses.increment();
        ToldLoss told = new ToldLoss(this.clock.instant(), channel.toString(), loss);
        synchronized (this.lastLosses) {
            this.lastLosses.addFirst(told);
            if (this.lastLosses.size() > REMEMBERED) {
                this.lastLosses.removeLast();
            }
        }
    }

    @Override
    public void duplicate(ChannelName channel) {
        this.duplicates.increment();
    }

    @Override
    public void deferred(ChannelName channel, long messages) {
        this.deferred.add(messages);
    }

    @Override
    public void readFailed(ChannelName channel, String reason) {
        this.readFailures.increment();
    }

    RecoveryCounts counts() {
        return new RecoveryCounts(
                this.recovered.sum(),
                this.duplicates.sum(),
                this.deferred.sum(),
                this.readFailures.sum(),
                this.losses.sum());
    }

    /** Newest first, at most a hundred. */
    List<ToldLoss> lastLosses() {
        synchronized (this.lastLosses) {
            return new ArrayList<>(this.lastLosses);
        }
    }
}
