package io.github.shardedpubsub.sample;

import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What one listener heard of all channels.
 */
class ListeningBook {

    private final Map<String, ListeningTally> byChannel = new LinkedHashMap<>();

    ListeningBook(Collection<String> channels) {
        channels.forEach(channel -> this.byChannel.put(channel, new ListeningTally()));
    }

    void accepted(String channel, long number) {
        ListeningTally tally = this.byChannel.get(channel);
        if (tally != null) {
            tally.accepted(number, System.nanoTime());
        }
    }

    void heard(String channel, Position message) {
        ListeningTally tally = this.byChannel.get(channel);
        if (tally != null) {
            tally.heard(message, System.nanoTime());
        }
    }

    /** Nothing is missed yet, and from now on that is missed which is not heard within the patience. */
    void beginAnew(Duration patience) {
        this.byChannel.values().forEach(tally -> tally.beginAnew(patience));
    }

    /** The figures of each channel, in the channels' order. */
    Map<String, ListeningTally.Figures> figures() {
        long now = System.nanoTime();
        Map<String, ListeningTally.Figures> figures = new LinkedHashMap<>();
        this.byChannel.forEach((channel, tally) -> figures.put(channel, tally.figures(now)));
        return figures;
    }
}
