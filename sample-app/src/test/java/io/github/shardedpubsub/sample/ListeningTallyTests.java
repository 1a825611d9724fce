package io.github.shardedpubsub.sample;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ListeningTallyTests {

    private static final long PATIENCE = ListeningTally.PATIENCE.toNanos();

    private final ListeningTally tally = new ListeningTally();

    private long now = 1_000_000_000;

    private void accepted(long... numbers) {
        for (long number : numbers) {
            this.tally.accepted(number, this.now);
        }
    }

    private void heard(long... numbers) {
        for (long number : numbers) {
            this.tally.heard(new Position(7, number, number, 0, 0), this.now);
        }
    }

    private ListeningTally.Figures figures() {
        return this.tally.figures(this.now);
    }

    @Test
    void whatWasHeardInTimeIsNotMissed() {
        accepted(1, 2);
        this.now += PATIENCE - 1;
        heard(1, 2);
        this.now += 10 * PATIENCE;
        assertThat(figures().heard()).isEqualTo(2);
        assertThat(figures().missed()).isZero();
        assertThat(figures().silent()).isFalse();
    }

    @Test
    void whatWasHeardBeforeTheServersAnswerCameIsNotMissed() {
        heard(1);
        accepted(1);
        this.now += PATIENCE;
        assertThat(figures().missed()).isZero();
    }

    @Test
    void aChannelThatHearsNothingMissesEverythingAndIsSilentUntilItHearsAgain() {
        accepted(1);
        heard(1);
        accepted(2, 3);
        this.now += PATIENCE - 1;
        assertThat(figures().missed()).isZero();
        this.now += 1;
        assertThat(figures().missed()).isEqualTo(2);
        assertThat(figures().silent()).isTrue();
        accepted(4);
        heard(4);
        assertThat(figures().missed()).isEqualTo(2);
        assertThat(figures().silent()).isFalse();
    }

    @Test
    void aGapIsMissedThoughTheChannelIsNotSilent() {
        accepted(1, 2, 3);
        heard(1, 3);
        this.now += PATIENCE;
        assertThat(figures().missed()).isEqualTo(1);
        assertThat(figures().silent()).isFalse();
    }

    @Test
    void whatComesLateIsNotMissedAfterAll() {
        accepted(1, 2);
        heard(1);
        this.now += PATIENCE;
        assertThat(figures().missed()).isEqualTo(1);
        heard(2);
        assertThat(figures().missed()).isZero();
        assertThat(figures().heard()).isEqualTo(2);
    }

    @Test
    void whatWasAcceptedBeforeTheFirstMessageWasHeardDoesNotCount() {
        accepted(5, 6);
        heard(7);
        accepted(7);
        this.now += PATIENCE;
        assertThat(figures().missed()).isZero();
    }

    @Test
    void whatWasMissedBeforeItBeginsAnewIsForgottenAndItMayHaveAnotherPatience() {
        accepted(1);
        heard(1);
        accepted(2);
        this.now += PATIENCE;
        accepted(3);
        assertThat(figures().missed()).isEqualTo(1);
        this.tally.beginAnew(ListeningTally.PATIENCE.multipliedBy(3));
        assertThat(figures().missed()).isZero();
        accepted(4);
        this.now += 3 * PATIENCE - 1;
        assertThat(figures().missed()).isZero();
        heard(2);
        this.now += 1;
        assertThat(figures().missed()).isEqualTo(1);
    }

    @Test
    void theLastPositionIsTheNewestAndNotTheLatest() {
        heard(2, 1);
        assertThat(figures().position()).isEqualTo(new Position(7, 2, 2, 0, 0));
    }
}
