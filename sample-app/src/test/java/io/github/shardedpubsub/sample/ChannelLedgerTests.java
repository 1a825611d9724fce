package io.github.shardedpubsub.sample;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ChannelLedgerTests {

    private final ChannelLedger ledger = new ChannelLedger();

    private void published(long... numbers) {
        for (long number : numbers) {
            assertThat(this.ledger.send()).isEqualTo(number);
            this.ledger.accepted();
        }
    }

    private void received(long number) {
        this.ledger.received(new Position(1, number, 0, 0, 0));
    }

    @Test
    void whatCameInOrderIsNotLost() {
        published(1, 2);
        received(1);
        received(2);
        assertThat(this.ledger.figures())
                .extracting(
                        ChannelLedger.Figures::published, ChannelLedger.Figures::received, ChannelLedger.Figures::lost)
                .containsExactly(2L, 2L, 0L);
    }

    @Test
    void whatALaterMessageHasOvertakenIsLost() {
        published(1, 2, 3);
        received(1);
        received(3);
        assertThat(this.ledger.figures().lost()).isEqualTo(1);
    }

    @Test
    void whatRedisDidNotTakeIsNotLostWheneverThatBecomesKnown() {
        published(1);
        received(1);
        this.ledger.failed(this.ledger.send());
        published(3);
        received(3);
        long late = this.ledger.send();
        received(5);
        assertThat(this.ledger.figures().lost()).isEqualTo(1);
        this.ledger.failed(late);
        assertThat(this.ledger.figures().lost()).isZero();
        assertThat(this.ledger.figures().failed()).isEqualTo(2);
    }

    @Test
    void whatComesLateIsOutOfOrderAndNotLost() {
        published(1, 2);
        received(2);
        received(1);
        assertThat(this.ledger.figures())
                .extracting(
                        ChannelLedger.Figures::lost, ChannelLedger.Figures::outOfOrder, ChannelLedger.Figures::received)
                .containsExactly(0L, 1L, 2L);
    }

    @Test
    void whatComesAgainIsDoubled() {
        published(1);
        received(1);
        received(1);
        assertThat(this.ledger.figures().doubled()).isEqualTo(1);
    }

    @Test
    void nothingIsSentWhileAnAnswerIsDue() {
        assertThat(this.ledger.send()).isEqualTo(1);
        assertThat(this.ledger.send()).isZero();
        this.ledger.accepted();
        assertThat(this.ledger.send()).isEqualTo(2);
    }
}
