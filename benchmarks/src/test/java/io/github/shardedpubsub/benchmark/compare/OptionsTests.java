package io.github.shardedpubsub.benchmark.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.shardedpubsub.benchmark.client.ClientKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OptionsTests {

    @Test
    void everyScenarioIsMeasuredOfEveryClientUnlessSaid() {
        Options options = new Options(List.of());
        assertThat(options.scenarios()).containsExactly(Scenario.values());
        assertThat(options.clients()).containsExactly(ClientKind.values());
    }

    @Test
    void whatIsSaidIsTaken() {
        Options options = new Options(List.of("--clients=ours,raw", "--scenarios=move", "--rounds=2"));
        assertThat(options.clients()).containsExactly(ClientKind.OURS, ClientKind.RAW);
        assertThat(options.scenarios()).containsExactly(Scenario.MOVE);
        assertThat(options.number("rounds")).isEqualTo(2);
        assertThat(options.settings()).containsEntry("rounds", "2").containsEntry("moves", "40");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--round=2",
                "rounds=2",
                "--rounds",
                "--rounds=0",
                "--rounds=two",
                "--clients=none",
                "--scenarios=x"
            })
    void whatCannotBeIsRefused(String argument) {
        assertThatIllegalArgumentException().isThrownBy(() -> new Options(List.of(argument)));
    }

    @Test
    void thePageNamesEveryScenarioClientAndOption() throws IOException {
        String page = Files.readString(Path.of("../docs/benchmarks.md"));
        for (Scenario scenario : Scenario.values()) {
            assertThat(page).contains("`" + scenario.label() + "`");
        }
        for (ClientKind kind : ClientKind.values()) {
            assertThat(page).contains("`" + kind.label() + "`");
        }
        new Options(List.of())
                .settings()
                .keySet()
                .forEach(option -> assertThat(page).contains("`--" + option));
    }
}
