package io.github.shardedpubsub.benchmark;

import io.github.shardedpubsub.benchmark.compare.Comparison;
import io.github.shardedpubsub.benchmark.report.Report;
import io.github.shardedpubsub.benchmark.report.Tables;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** What {@code mvn exec:exec} runs: one of the benchmarks, by its name. */
public final class Benchmarks {

    private Benchmarks() {}

    /**
     * Runs it.
     *
     * @param arguments its name and its own arguments, in one text or in several
     */
    public static void main(String[] arguments) throws Exception {
        List<String> words =
                Arrays.stream(String.join(" ", arguments).strip().split("\\s+")).toList();
        List<String> rest = words.subList(1, words.size());
        switch (words.get(0)) {
            case "compare" -> Comparison.run(rest);
            case "jmh" -> org.openjdk.jmh.Main.main(rest.toArray(String[]::new));
            case "loss" -> LossAtSlotMoves.main(rest.toArray(String[]::new));
            case "script" -> ScriptCost.main(rest.toArray(String[]::new));
            case "pages" -> writePages(Report.read(Path.of(rest.get(0))));
            default -> System.out.println(help());
        }
    }

    private static void writePages(Report report) throws Exception {
        write(Path.of("../docs/benchmarks.md"), Tables.of(report));
        write(Path.of("../README.md"), Tables.shortly(report));
    }

    private static void write(Path page, String tables) throws Exception {
        Files.writeString(page, Tables.into(Files.readString(page), tables));
    }

    private static String help() {
        return """
                compare [--option=value …]    clients against each other, on a live cluster
                jmh [options] [pattern]       what runs inside a process; jmh -h tells of its options, jmh -l lists the benchmarks
                loss [moves rate millis]      what is lost at slot moves
                script [messages payload]     what publishing with recovery costs a node
                pages results.json            writes the results of a comparison into docs/benchmarks.md and README.md

                compare: """ + Comparison.help();
    }
}
