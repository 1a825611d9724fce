package io.github.shardedpubsub.benchmark.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The page of the benchmarks shows what the newest file of results says, and no number without one. */
class BenchmarksPageTests {

    private static final Path PAGE = Path.of("../docs/benchmarks.md");

    private static final Path RESULTS = Path.of("results");

    @Test
    void thePageAndTheNewestResultsAgree() throws IOException {
        Optional<Path> newest = newestResults();
        String shown = Tables.in(Files.readString(PAGE));
        if (newest.isPresent()) {
            assertThat(shown).isEqualTo(Tables.of(Report.read(newest.get())).strip());
        } else {
            assertThat(shown).isNotEmpty().doesNotContainPattern("\\d");
        }
    }

    /** They are named for their date. */
    private static Optional<Path> newestResults() throws IOException {
        if (!Files.isDirectory(RESULTS)) {
            return Optional.empty();
        }
        try (Stream<Path> files = Files.list(RESULTS)) {
            return files.filter(file -> file.toString().endsWith(".json")).max(Comparator.naturalOrder());
        }
    }
}
