package io.github.shardedpubsub.recovery;

import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Positions in memory: listeners go on where they were within one application. Forgets those that were not saved for some time. Safe for
 * use by any thread.
 */
public final class MemoryPositionStore implements ShardPositionStore {

    private final long expiry;

    private final LongSupplier clock;

    /** The one that was saved longest ago is the first. */
    private final Map<Place, Saved> positions = new LinkedHashMap<>();

    private record Place(String listener, String channel) {}

    private record Saved(ListenerPosition position, long at) {}

    /**
     * Creates an empty store.
     *
     * @param expiry after which time a position is forgotten, two days or longer
     */
    public MemoryPositionStore(Duration expiry) {
        this(expiry, System::nanoTime);
    }

    MemoryPositionStore(Duration expiry, LongSupplier nanoClock) {
        this.expiry = TimeUnit.MILLISECONDS.toNanos(expiry.toMillis());
        this.clock = nanoClock;
    }

    @Override
    public synchronized CompletionStage<@Nullable ListenerPosition> load(String listener, String channel) {
        forgetOld();
        Saved saved = this.positions.get(new Place(listener, channel));
        return CompletableFuture.completedFuture(saved != null ? saved.position() : null);
    }

    @Override
    public synchronized CompletionStage<@Nullable Void> save(
            String listener, String channel, ListenerPosition position) {
        forgetOld();
        Place place = new Place(listener, channel);
        this.positions.remove(place);
        this.positions.put(place, new Saved(position, this.clock.getAsLong()));
        return CompletableFuture.completedFuture(null);
    }

    private void forgetOld() {
        long now = this.clock.getAsLong();
        Iterator<Saved> eldest = this.positions.values().iterator();
        while (eldest.hasNext() && now - eldest.next().at() > this.expiry) {
            eldest.remove();
        }
    }
}
