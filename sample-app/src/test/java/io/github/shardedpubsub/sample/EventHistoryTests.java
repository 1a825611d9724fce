package io.github.shardedpubsub.sample;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.shardedpubsub.sample.EventHistory.Entry;
import io.github.shardedpubsub.sample.EventHistory.Event;
import io.github.shardedpubsub.sample.EventHistory.Kind;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class EventHistoryTests {

    private final DrivenClock clock = new DrivenClock();

    private final EventHistory history = new EventHistory(this.clock);

    private void restored(String channel, double millis) {
        this.history.add(new Event(Kind.RESTORED, 1, "a:1", "b:2", channel, millis, null));
    }

    @Test
    void likeThingsInQuickSuccessionAreOneEntryWithTheLongestDuration() {
        restored("one", 3);
        restored("two", 12);
        this.clock.advance(EventHistory.QUICK.minusMillis(1));
        restored("three", 5);
        List<Entry> entries = this.history.all();
        assertThat(entries).hasSize(1);
        assertThat(entries.get(0).count()).isEqualTo(3);
        assertThat(entries.get(0).millis()).isEqualTo(12);
        assertThat(entries.get(0).channel()).isEqualTo("three");
        assertThat(entries.get(0).until() - entries.get(0).at()).isEqualTo(2999);
    }

    @Test
    void likeThingsMuchLaterAreAnotherEntry() {
        restored("one", 3);
        this.clock.advance(EventHistory.QUICK);
        restored("one", 3);
        assertThat(this.history.all()).extracting(Entry::count).containsExactly(1, 1);
    }

    @Test
    void whatComesFromAnotherNodeOrForAnotherCauseIsAnotherEntry() {
        this.history.add(new Event(Kind.INTERRUPTED, 1, "a:1", null, "one", null, "CONNECTION_LOST"));
        this.history.add(new Event(Kind.INTERRUPTED, 1, "b:2", null, "one", null, "CONNECTION_LOST"));
        this.history.add(new Event(Kind.INTERRUPTED, 1, "b:2", null, "one", null, "ENDED_BY_SERVER"));
        assertThat(this.history.all()).hasSize(3);
    }

    @Test
    void anEntryThatHasGrownIsToldAgainUnderItsOwnNumber() {
        this.history.add(Event.of(Kind.SLOTS_MOVED, 5, "a:1", "b:2"));
        this.history.add(Event.of(Kind.NODE_DOWN, 1, "a:1", null));
        List<Entry> first = this.history.all();
        long told = first.get(1).change();
        assertThat(this.history.since(told)).isEmpty();
        this.history.add(Event.of(Kind.SLOTS_MOVED, 7, "a:1", "b:2"));
        assertThat(this.history.since(told)).singleElement().satisfies(grown -> {
            assertThat(grown.id()).isEqualTo(first.get(0).id());
            assertThat(grown.count()).isEqualTo(12);
        });
        assertThat(this.history.all()).hasSize(2);
    }

    @Test
    void aBoundedNumberIsKeptTheNewest() {
        for (int i = 0; i < 3 * EventHistory.KEPT; i++) {
            this.clock.advance(Duration.ofMinutes(1));
            this.history.add(Event.of(Kind.SLOTS_MOVED, i, "a:1", "b:2"));
        }
        assertThat(this.history.all()).hasSize(EventHistory.KEPT);
        assertThat(this.history.all().get(EventHistory.KEPT - 1).count()).isEqualTo(3 * EventHistory.KEPT - 1);
    }
}
