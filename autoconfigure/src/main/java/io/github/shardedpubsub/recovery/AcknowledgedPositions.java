package io.github.shardedpubsub.recovery;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The last place of each channel that a server has acknowledged, of the channels published to last. Safe for use by any thread. */
final class AcknowledgedPositions {

    private static final int MAX_CHANNELS = 10_000;

    private final Map<String, StreamPosition> positions = new LinkedHashMap<>(16, 0.75f, true) {

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, StreamPosition> eldest) {
            return size() > MAX_CHANNELS;
        }
    };

    synchronized @Nullable StreamPosition of(String channel) {
        return this.positions.get(channel);
    }

    /** Of two answers of one epoch that come the wrong way round, the later place counts. */
    synchronized void acknowledged(String channel, StreamPosition position) {
        this.positions.merge(
                channel,
                position,
                (before, now) -> before.epoch().equals(now.epoch()) && now.isBefore(before) ? before : now);
    }
}
