package io.github.shardedpubsub.benchmark.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ReportTests {

    @TempDir
    Path folder;

    @Test
    void whatIsWrittenIsReadAgain() throws IOException {
        Path file = this.folder.resolve("results/run.json");
        Reports.small().write(file);
        assertThat(Report.read(file)).isEqualTo(Reports.small());
    }

    @Test
    void theFileHoldsTheNumbersThatTablesShowBesideThoseTheyComeFrom() throws IOException {
        Path file = this.folder.resolve("run.json");
        Reports.small().write(file);
        JsonNode json = JsonMapper.shared().readTree(Files.readString(file));
        JsonNode first = json.at("/series/0");
        assertThat(first.at("/client").asString()).isEqualTo("raw");
        assertThat(first.at("/median").asDouble()).isEqualTo(0.25);
        assertThat(first.at("/p99").isNull()).isTrue();
        assertThat(first.at("/values").size()).isEqualTo(3);
        assertThat(json.at("/series/4/p99").asDouble()).isEqualTo(2.0);
        assertThat(json.at("/series/5/median").isNull()).isTrue();
        assertThat(json.at("/series/5/note").asString()).isEqualTo("never within 10 s");
        assertThat(json.at("/versions/server").asString()).isEqualTo("Redis 7.0.15");
        assertThat(json.at("/machine/cores").asInt()).isEqualTo(2);
        assertThat(json.at("/date").asString()).isEqualTo("2026-11-27");
    }

    @Test
    void theMachineIsDescribedAndNotNamed() throws IOException {
        Machine machine = Machine.current();
        assertThat(machine.cores()).isPositive();
        assertThat(machine.memoryMebibytes()).isPositive();
        assertThat(machine.toString())
                .doesNotContain(java.net.InetAddress.getLocalHost().getHostName());
    }
}
