package io.github.shardedpubsub.benchmark.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;

import io.github.shardedpubsub.benchmark.jmh.DeliveryBenchmark;
import io.github.shardedpubsub.benchmark.jmh.HandOverBenchmark;
import io.github.shardedpubsub.benchmark.jmh.QuietBenchmark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.runner.options.CommandLineOptions;

/** The commands that the page shows can be given. */
class PageCommandsTests {

    private static final Pattern RUN = Pattern.compile("-Drun=\"(\\w+) ([^\"]*)\"");

    @Test
    void eachCommandIsOneThatThereIs() throws IOException {
        List<MatchResult> commands = RUN.matcher(page()).results().toList();
        assertThat(commands)
                .extracting(command -> command.group(1))
                .contains("compare", "jmh", "loss", "script", "pages");
        for (MatchResult command : commands) {
            List<String> arguments = List.of(command.group(2).split(" "));
            switch (command.group(1)) {
                case "compare" -> assertThatNoException().isThrownBy(() -> new Options(arguments));
                case "jmh" ->
                    assertThatNoException().isThrownBy(() -> new CommandLineOptions(arguments.toArray(String[]::new)));
                case "loss" -> assertThat(arguments).hasSize(3).allMatch(number -> number.matches("\\d+"));
                case "script" -> assertThat(arguments).hasSize(2).allMatch(number -> number.matches("\\d+"));
                default -> assertThat(arguments).hasSize(1);
            }
        }
    }

    @Test
    void thePageNamesEachBenchmark() throws IOException {
        assertThat(page())
                .contains(
                        "`" + DeliveryBenchmark.class.getSimpleName() + "`",
                        "`" + HandOverBenchmark.class.getSimpleName() + "`",
                        "`" + QuietBenchmark.class.getSimpleName() + "`");
    }

    private static String page() throws IOException {
        return Files.readString(Path.of("../docs/benchmarks.md"));
    }
}
