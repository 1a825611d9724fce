package io.github.shardedpubsub.chaos;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** All faults, one line each event, in a file; the last ones are remembered too. Thread-safe. */
final class FaultLog implements AutoCloseable {

    private static final int REMEMBERED = 2_000;

    private final PrintWriter file;

    private final Path path;

    private final Deque<Line> last = new ArrayDeque<>();

    private final Map<FaultKind, Integer> done = new EnumMap<>(FaultKind.class);

    private int skipped;

    private int failed;

    private record Line(Instant at, String text) {

        @Override
        public String toString() {
            return this.at + " " + this.text;
        }
    }

    FaultLog(Path path) {
        this.path = path;
        try {
            Files.createDirectories(path.toAbsolutePath().getParent());
            this.file = new PrintWriter(Files.newBufferedWriter(path));
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    Path path() {
        return this.path;
    }

    synchronized void note(String text) {
        Line line = new Line(Instant.now(), text);
        this.file.println(line);
        this.file.flush();
        this.last.addLast(line);
        if (this.last.size() > REMEMBERED) {
            this.last.removeFirst();
        }
    }

    synchronized void done(FaultKind kind) {
        this.done.merge(kind, 1, Integer::sum);
    }

    synchronized void skipped() {
        this.skipped++;
    }

    synchronized void failed() {
        this.failed++;
    }

    synchronized int count() {
        return this.done.values().stream().mapToInt(Integer::intValue).sum();
    }

    synchronized String summary() {
        return this.done + ", not possible then: " + this.skipped + ", failed themselves: " + this.failed;
    }

    /** What was noted from so long before to so long after. */
    synchronized List<String> around(Instant from, Instant until, Duration before, Duration after) {
        List<String> lines = new ArrayList<>();
        for (Line line : this.last) {
            if (!line.at().isBefore(from.minus(before)) && !line.at().isAfter(until.plus(after))) {
                lines.add(line.toString());
            }
        }
        return lines;
    }

    @Override
    public synchronized void close() {
        this.file.close();
    }
}
