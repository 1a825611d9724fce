package io.github.shardedpubsub.benchmark.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class StatisticsTests {

    @Test
    void theMedianOfAnOddNumberIsTheOneInTheMiddle() {
        assertThat(Statistics.median(List.of(30.0, 1.0, 2.0))).isEqualTo(2.0);
    }

    @Test
    void theMedianOfAnEvenNumberIsTheMeanOfTheTwoInTheMiddle() {
        assertThat(Statistics.median(List.of(40.0, 1.0, 2.0, 4.0))).isEqualTo(3.0);
    }

    @Test
    void aPercentileIsTheSmallestValueThatSoManyDoNotExceed() {
        List<Double> hundred = oneTo(100);
        assertThat(Statistics.percentile(hundred, 99)).isEqualTo(99.0);
        assertThat(Statistics.percentile(hundred, 1)).isEqualTo(1.0);
        assertThat(Statistics.percentile(hundred, 100)).isEqualTo(100.0);
        assertThat(Statistics.percentile(oneTo(40), 99)).isEqualTo(40.0);
        assertThat(Statistics.percentile(oneTo(200), 99)).isEqualTo(198.0);
        assertThat(Statistics.percentile(List.of(7.0), 99)).isEqualTo(7.0);
    }

    private static List<Double> oneTo(int last) {
        List<Double> values = new ArrayList<>(
                IntStream.rangeClosed(1, last).mapToObj(i -> (double) i).toList());
        Collections.shuffle(values, new Random(1));
        return values;
    }

    @Test
    void aRatioSaysHowManyTimesTheOtherItIs() {
        assertThat(Statistics.ratio(3, 2)).isEqualTo(1.5);
        assertThatIllegalArgumentException().isThrownBy(() -> Statistics.ratio(1, 0));
    }

    @Test
    void nothingIsSaidOfNothing() {
        assertThatIllegalArgumentException().isThrownBy(() -> Statistics.median(List.of()));
        assertThatIllegalArgumentException().isThrownBy(() -> Statistics.percentile(List.of(), 99));
        assertThatIllegalArgumentException().isThrownBy(() -> Statistics.percentile(List.of(1.0), 0));
    }
}
