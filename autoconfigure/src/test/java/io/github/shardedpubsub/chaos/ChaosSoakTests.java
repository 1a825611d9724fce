package io.github.shardedpubsub.chaos;

import static org.assertj.core.api.Assertions.fail;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Whatever happens to the cluster, nothing arrives twice or out of order, nothing is lost outside of an interruption that was
 * reported, and once the cluster is well every channel is confirmed and delivers.
 *
 * <p>A short one by default. {@code -Dchaos.duration=PT1H -Dchaos.seed=42} and what else {@link ChaosSettings} names makes it what
 * one likes.
 */
class ChaosSoakTests {

    private static final int SHOWN = 5;

    private static final Duration SECONDS_BEFORE = Duration.ofSeconds(6);

    private static final Duration SECONDS_AFTER = Duration.ofSeconds(2);

    @Test
    void noFaultLeavesAChannelSilentOrALossUntold() throws InterruptedException {
        ChaosSettings settings = ChaosSettings.fromSystemProperties();
        Progress.say("begins: " + settings.replay());
        try (FaultLog log = new FaultLog(Path.of("target", "chaos", "faults-" + settings.seed() + ".log"));
                Soak soak = new Soak(settings, log)) {
            soak.run();
            Progress.say("ends: " + soak.summary());
            log.note(soak.summary());
            if (!soak.violations().isEmpty()) {
                soak.violations().forEach(violation -> log.note(violation.what()));
                fail(settings.replay() + " chooses the same faults again; all that happened is in " + log.path() + "\n"
                        + soak.summary() + "\n" + report(soak.violations(), log));
            }
        }
    }

    private static String report(List<Violation> violations, FaultLog log) {
        StringBuilder report = new StringBuilder().append(violations.size()).append(" violations");
        for (Violation violation : violations.subList(0, Math.min(SHOWN, violations.size()))) {
            report.append("\n\n").append(violation.what()).append("\n  the channel:");
            violation.history().forEach(line -> report.append("\n    ").append(line));
            report.append("\n  faults around that time:");
            log.around(violation.from(), violation.until(), SECONDS_BEFORE, SECONDS_AFTER)
                    .forEach(line -> report.append("\n    ").append(line));
        }
        return report.toString();
    }
}
