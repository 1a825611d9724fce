package io.github.shardedpubsub.benchmark.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;

class TablesTests {

    @Test
    void eachScenarioIsATableWithMediansAndRatiosToTheRawClient() {
        assertThat(Tables.of(Reports.small())).isEqualTo("""
                ### Delivery, 8 channels

                | client | CPU time a message | messages |
                |---|---|---|
                | raw | 0.250 µs | 500,000 /s |
                | ours | 0.550 µs; 2.20 × raw | 250,000 /s; 0.500 × raw |

                ### A slot moves

                | client | recovery |
                |---|---|
                | raw | 2.00 ms, p99 2.00 |
                | jedis | never within 10 s |

                Measured on 2026-11-27 with JDK 17.0.15, server Redis 7.0.15, on 2 cores of Any CPU with 4096 MiB of memory \
                and Linux 6.1 (amd64).
                """);
    }

    @Test
    void aClientThatGaveUpLaterHasItsNumbersAndTheReason() {
        assertThat(Tables.of(Reports.of(new Series("s", "x", "m", "ms", List.of(1.5), "never within 10 s"))))
                .contains("| x | 1.50 ms; never within 10 s |");
    }

    @Test
    void numbersHaveThreeDigitsThatCount() {
        assertThat(Tables.number(0.012345)).isEqualTo("0.0123");
        assertThat(Tables.number(1.2345)).isEqualTo("1.23");
        assertThat(Tables.number(12.345)).isEqualTo("12.3");
        assertThat(Tables.number(1234567.8)).isEqualTo("1,234,568");
        assertThat(Tables.number(0)).isEqualTo("0");
        assertThat(Tables.number(-12.345)).isEqualTo("-12.3");
    }

    @Test
    void shortlyEachScenarioIsARowWithItsFirstMeasure() {
        assertThat(Tables.shortly(Reports.small())).startsWith("""
                | | raw | ours | lettuce-resp3 | jedis |
                |---|---|---|---|---|
                | Delivery, 8 channels: CPU time a message | 0.250 µs | 0.550 µs; 2.20 × raw |  |  |
                | A slot moves: recovery | 2.00 ms, p99 2.00 |  |  | never within 10 s |

                Measured on 2026-11-27 with""");
    }

    @Test
    void shortlyNothingIsSaidOfAScenarioThatIsForOthers() {
        Series raw = new Series("Recovery", "raw", "CPU time a message", "µs", List.of(0.3), null);
        Series other = new Series("Recovery", "ours-container", "CPU time a message", "µs", List.of(0.5), null);
        assertThat(Tables.shortly(Reports.of(raw, other))).doesNotContain("Recovery");
    }

    @Test
    void thePlaceOnAPageIsFilledAndNothingElseChanges() {
        String page = "before\n" + Tables.BEGIN + "\n\nold\n" + Tables.END + "\nafter\n";
        String filled = Tables.into(page, Tables.of(Reports.small()));
        assertThat(filled).startsWith("before\n" + Tables.BEGIN).endsWith(Tables.END + "\nafter\n");
        assertThat(Tables.in(filled)).isEqualTo(Tables.of(Reports.small()).strip());
        assertThat(Tables.into(filled, Tables.of(Reports.small()))).isEqualTo(filled);
        assertThatIllegalArgumentException().isThrownBy(() -> Tables.into("no place", ""));
    }
}
