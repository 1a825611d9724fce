package io.github.shardedpubsub.benchmark.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * The results of one run.
 *
 * @param date on which it was begun, as {@code 2026-11-27}
 * @param versions of the server, the JDK and the clients, by their names
 * @param settings the run's options, by their names
 */
public record Report(
        String date, Machine machine, Map<String, String> versions, Map<String, String> settings, List<Series> series) {

    private static final JsonMapper JSON =
            JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();

    public Report {
        versions = new TreeMap<>(versions);
        settings = new TreeMap<>(settings);
        series = List.copyOf(series);
    }

    /** Writes it as JSON, over what is there. */
    public void write(Path file) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        if (folder != null) {
            Files.createDirectories(folder);
        }
        Files.writeString(file, JSON.writeValueAsString(this) + "\n");
    }

    /** Reads what was {@linkplain #write written}. */
    public static Report read(Path file) throws IOException {
        return JSON.readValue(Files.readString(file), Report.class);
    }
}
