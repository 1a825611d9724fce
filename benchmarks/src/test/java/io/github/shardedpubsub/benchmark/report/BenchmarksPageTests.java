package io.github.shardedpubsub.benchmark.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The page of the benchmarks, and the README, show what the newest file of results says. */
class BenchmarksPageTests {

    private static final Path RESULTS = Path.of("results");

    @Test
    void thePageShowsThem() throws IOException {
        assertThat(shownIn("../docs/benchmarks.md"))
                .isEqualTo(Tables.of(newestResults()).strip());
    }

    @Test
    void theReadmeShowsThemShortly() throws IOException {
        assertThat(shownIn("../README.md"))
                .isEqualTo(Tables.shortly(newestResults()).strip());
    }

    private static String shownIn(String page) throws IOException {
        return Tables.in(Files.readString(Path.of(page)));
    }

    /** They are named for their date. */
    private static Report newestResults() throws IOException {
        try (Stream<Path> files = Files.list(RESULTS)) {
            return Report.read(files.filter(file -> file.toString().endsWith(".json"))
                    .max(Comparator.naturalOrder())
                    .orElseThrow());
        }
    }
}
