package io.github.shardedpubsub.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;

import io.github.shardedpubsub.sample.EventHistory.Kind;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PulseRecorderTests {

    private final ChannelBoard board = mock();

    private final Listeners listeners = mock();

    private final ListeningBook ours = mock();

    private final SubscriptionEvents events = mock();

    private final EventHistory history = new EventHistory();

    private final DrivenClock clock = new DrivenClock();

    private final PulseRecorder recorder =
            new PulseRecorder(this.board, this.listeners, this.events, this.history, this.clock);

    private final Map<String, ListeningTally.Figures> heard = new LinkedHashMap<>();

    @BeforeEach
    void given2Channels() {
        given(this.listeners.ours()).willReturn(this.ours);
        given(this.ours.figures()).willReturn(this.heard);
        served("a:1", "b:2");
        heard(10, 0, 20, 0);
    }

    private void served(@Nullable String one, @Nullable String two) {
        given(this.board.channels()).willReturn(List.of(channel("one", one), channel("two", two)));
    }

    static Overview.Channel channel(String name, @Nullable String node) {
        return new Overview.Channel(
                name, 7, node, node == null ? "INTERRUPTED" : "SUBSCRIBED", 0, 3, 0, 0, 0, 0, 1, null, null);
    }

    private void heard(long one, long missedOfOne, long two, long missedOfTwo) {
        this.heard.put("one", figures(one, missedOfOne, false));
        this.heard.put("two", figures(two, missedOfTwo, false));
    }

    private static ListeningTally.Figures figures(long heard, long missed, boolean silent) {
        return new ListeningTally.Figures(heard, missed, silent, null);
    }

    private Pulse record() {
        return recordAfter(Duration.ofSeconds(1));
    }

    private Pulse recordAfter(Duration duration) {
        this.clock.advance(duration);
        this.recorder.record();
        List<Pulse> pulses = this.recorder.since(0);
        return pulses.get(pulses.size() - 1);
    }

    @Test
    void whatWasHeardInASecondIsCountedForTheNodeThatCarriesTheChannel() {
        record();
        heard(13, 0, 24, 0);
        assertThat(record()).extracting(Pulse::messages, Pulse::byNode).containsExactly(7, Map.of("a:1", 3, "b:2", 4));
        served("b:2", "b:2");
        heard(15, 0, 26, 0);
        assertThat(record().byNode()).isEqualTo(Map.of("b:2", 4));
    }

    @Test
    void aSecondThatIsTooLongDoesNotLookBusier() {
        record();
        heard(16, 0, 20, 0);
        Pulse late = recordAfter(Duration.ofMillis(1500));
        assertThat(late.messages()).isEqualTo(4);
        assertThat(late.byNode()).isEqualTo(Map.of("a:1", 4));
    }

    @Test
    void interruptionsAndHandoversAreThoseOfTheSecond() {
        record();
        given(this.events.interruptions()).willReturn(2);
        given(this.events.handovers()).willReturn(5);
        assertThat(record()).extracting(Pulse::interrupted, Pulse::handedOver).containsExactly(2, 5);
        assertThat(record()).extracting(Pulse::interrupted, Pulse::handedOver).containsExactly(0, 0);
    }

    @Test
    void whatIsFoundLostIsEnteredOnceAndWhatComesLateIsNoLoss() {
        record();
        heard(10, 2, 20, 1);
        assertThat(record().lost()).isEqualTo(3);
        heard(11, 1, 20, 1);
        assertThat(record().lost()).isZero();
        assertThat(this.history.all()).singleElement().satisfies(entry -> {
            assertThat(entry.kind()).isEqualTo(Kind.LOST);
            assertThat(entry.count()).isEqualTo(3);
        });
    }

    @Test
    void lettuceAloneIsCountedFromWhenItListensAndItsSilenceIsEntered() {
        assertThat(record().lettuceAlone()).isNull();
        ListeningBook theirs = mock();
        given(this.listeners.lettuceAlone()).willReturn(theirs);
        given(theirs.figures()).willReturn(Map.of("one", figures(5, 0, false)));
        assertThat(record().lettuceAlone()).isNull();
        given(theirs.figures()).willReturn(Map.of("one", figures(7, 4, true)));
        assertThat(record().lettuceAlone()).isEqualTo(2);
        assertThat(record().lettuceAlone()).isZero();
        assertThat(this.history.all())
                .singleElement()
                .satisfies(entry -> assertThat(entry.kind()).isEqualTo(Kind.LETTUCE_SILENT));
        given(this.listeners.lettuceAlone()).willReturn(null);
        assertThat(record().lettuceAlone()).isNull();
    }

    @Test
    void theLastMinutesAreKept() {
        for (int i = 0; i < 2 * PulseRecorder.KEPT; i++) {
            record();
        }
        assertThat(this.recorder.since(0)).hasSize(PulseRecorder.KEPT);
    }
}
