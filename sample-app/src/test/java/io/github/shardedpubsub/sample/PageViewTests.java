package io.github.shardedpubsub.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;

import io.github.shardedpubsub.sample.EventHistory.Event;
import io.github.shardedpubsub.sample.EventHistory.Kind;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PageViewTests {

    private final ClusterNodes cluster = mock();

    private final ClusterWatch watch = mock();

    private final ChannelBoard board = mock();

    private final Listeners listeners = mock();

    private final CourierRecovery recovery = mock();

    private final EventHistory history = new EventHistory();

    private final Map<String, ListeningTally.Figures> heard = new LinkedHashMap<>();

    private final PageView view = new PageView(
            this.cluster,
            this.watch,
            this.board,
            this.listeners,
            this.recovery,
            mock(ShardSubscriptions.class),
            mock(SubscriptionEvents.class),
            this.history,
            mock(PulseRecorder.class),
            mock(SlotMover.class),
            mock(DispatchBoard.class));

    @BeforeEach
    void givenTwoChannels() {
        ListeningBook ours = mock();
        given(this.listeners.ours()).willReturn(ours);
        given(ours.figures()).willReturn(this.heard);
        given(this.board.channels())
                .willReturn(
                        List.of(PulseRecorderTests.channel("one", "a:1"), PulseRecorderTests.channel("two", "b:2")));
        given(this.watch.nodes())
                .willReturn(List.of(new ClusterNodes.Node("a", "a:1", "MASTER", 16384, null, "0-16383")));
        this.heard.put("one", new ListeningTally.Figures(5, 0, false, null));
        this.heard.put("two", new ListeningTally.Figures(5, 0, false, null));
    }

    private static List<Integer> indexes(PageUpdate update) {
        return update.channels().stream().map(PageUpdate.Channel::index).toList();
    }

    @Test
    void everythingIsToldToWhoIsNewWhateverOthersHaveBeenTold() {
        this.view.changes();
        PageUpdate everything = this.view.everything();
        assertThat(everything.setting()).isNotNull();
        assertThat(everything.nodes()).hasSize(1);
        assertThat(indexes(everything)).containsExactly(0, 1);
    }

    @Test
    void onlyWhatHasChangedIsTold() {
        this.view.changes();
        this.heard.put("two", new ListeningTally.Figures(6, 0, false, new Position(2, 6, 41.3824, 2.1412, 0)));
        this.history.add(Event.of(Kind.NODE_DOWN, 1, "b:2", null));
        PageUpdate changes = this.view.changes();
        assertThat(changes.setting()).isNull();
        assertThat(changes.nodes()).isNull();
        assertThat(changes.events()).hasSize(1);
        assertThat(changes.channels()).singleElement().satisfies(channel -> {
            assertThat(channel.index()).isEqualTo(1);
            assertThat(channel.column()).isEqualTo(1);
            assertThat(channel.row()).isEqualTo(2);
        });
        PageUpdate nothing = this.view.changes();
        assertThat(nothing.channels()).isEmpty();
        assertThat(nothing.events()).isEmpty();
    }

    @Test
    void aChannelIsAliveIfItIsSubscribedAndNotSilent() {
        assertThat(this.view.changes().headline().alive()).isEqualTo(2);
        this.heard.put("two", new ListeningTally.Figures(5, 3, true, null));
        assertThat(this.view.changes().headline())
                .extracting(PageUpdate.Headline::alive, PageUpdate.Headline::lost, PageUpdate.Headline::failed)
                .containsExactly(1, 3L, 6L);
        given(this.board.channels())
                .willReturn(List.of(PulseRecorderTests.channel("one", null), PulseRecorderTests.channel("two", "b:2")));
        assertThat(this.view.changes().headline().alive()).isZero();
    }

    @Test
    void itIsToldWhetherTheChannelsRememberAndWhatCameOfIt() {
        assertThat(this.view.changes().recovery()).isEqualTo(new PageUpdate.Recovery(false, 0));
        given(this.recovery.isOn()).willReturn(true);
        given(this.recovery.messages()).willReturn(7L);
        assertThat(this.view.changes().recovery()).isEqualTo(new PageUpdate.Recovery(true, 7));
    }

    @Test
    void lettuceAloneIsToldWholeEachTimeItBeginsToListen() {
        ListeningBook theirs = mock();
        given(theirs.figures()).willReturn(this.heard);
        assertThat(this.view.changes().lettuceAlone()).isNull();
        for (int i = 0; i < 2; i++) {
            given(this.listeners.lettuceAlone()).willReturn(theirs);
            PageUpdate.LettuceAlone first =
                    Objects.requireNonNull(this.view.changes().lettuceAlone());
            assertThat(first.alive()).isEqualTo(2);
            assertThat(first.couriers()).hasSize(2);
            assertThat(this.view.changes().lettuceAlone())
                    .extracting(PageUpdate.LettuceAlone::couriers)
                    .asInstanceOf(InstanceOfAssertFactories.LIST)
                    .isEmpty();
            given(this.listeners.lettuceAlone()).willReturn(null);
            assertThat(this.view.changes().lettuceAlone()).isNull();
        }
    }
}
