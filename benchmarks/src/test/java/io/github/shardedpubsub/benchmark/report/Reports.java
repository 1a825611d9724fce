package io.github.shardedpubsub.benchmark.report;

import java.util.Collections;
import java.util.List;
import java.util.Map;

/** A report to be tested with. */
final class Reports {

    private Reports() {}

    static Report of(Series... series) {
        return new Report(
                "2026-11-27",
                new Machine("Any CPU", 2, 4096, "Linux 6.1", "amd64"),
                Map.of("server", "Redis 7.0.15", "JDK", "17.0.15"),
                Map.of("rounds", "3"),
                List.of(series));
    }

    static Report small() {
        return of(
                new Series("Delivery, 8 channels", "raw", "CPU time a message", "µs", List.of(0.3, 0.2, 0.25), null),
                new Series("Delivery, 8 channels", "raw", "messages", "/s", List.of(500_000.4), null),
                new Series("Delivery, 8 channels", "ours", "CPU time a message", "µs", List.of(0.5, 0.6), null),
                new Series("Delivery, 8 channels", "ours", "messages", "/s", List.of(250_000.2), null),
                new Series("A slot moves", "raw", "recovery", "ms", Collections.nCopies(20, 2.0), null),
                new Series("A slot moves", "jedis", "recovery", "ms", List.of(), "never within 10 s"));
    }
}
