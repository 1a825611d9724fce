package io.github.shardedpubsub.benchmark.compare;

import io.github.shardedpubsub.benchmark.client.ClientKind;
import io.github.shardedpubsub.benchmark.report.Machine;
import io.github.shardedpubsub.benchmark.report.Report;
import io.github.shardedpubsub.benchmark.report.Tables;
import io.github.shardedpubsub.test.RedisCluster;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Compares clients on one cluster: scenario by scenario, round by round, in each round one client after the other, each in a JVM of its own
 * that nothing but it runs in.
 */
public final class Comparison {

    private static final Map<String, String> ARTIFACTS = Map.of(
            "Lettuce", "io.lettuce/lettuce-core",
            "Jedis", "redis.clients/jedis",
            "Redisson", "org.redisson/redisson",
            "Netty", "io.netty/netty-common");

    /** It has no Maven properties in it. */
    private static final Pattern GLIDE_JAR = Pattern.compile("valkey-glide-(\\d[\\d.]*(?:-rc\\d+)?)-");

    private static final String UNKNOWN = "unknown";

    private Comparison() {}

    /**
     * Measures, prints the tables, and writes the file that is asked for.
     *
     * @param arguments options; see {@link #help()}
     */
    public static void run(List<String> arguments) throws Exception {
        Options options = new Options(arguments);
        String date = LocalDate.now().toString();
        try (RedisCluster cluster = RedisCluster.builder()
                .masters(3)
                .replicas(0)
                // a client that is slower than its servers must not be thrown out: how slow it is, is measured
                .configuration("client-output-buffer-limit", "pubsub 0 0 0")
                .start()) {
            Run run = new Run(cluster, options);
            Map<String, String> versions = versions(cluster);
            Report report = new Report(date, Machine.current(), versions, options.settings(), List.of());
            for (Scenario scenario : options.scenarios()) {
                measure(scenario.measurement(), run);
                report = new Report(date, report.machine(), versions, options.settings(), run.series());
                if (!options.text("output").isEmpty()) {
                    // what comes after may fail
                    report.write(Path.of(options.text("output")));
                }
            }
            System.out.println(Tables.of(report));
        }
    }

    /** The options and their defaults. */
    public static String help() {
        return Options.help();
    }

    private static void measure(Measurement measurement, Run run) throws Exception {
        int rounds = run.options().number("rounds");
        for (int round = 1; round <= rounds; round++) {
            for (ClientKind kind : run.options().clients()) {
                if (!measurement.concerns(kind) || run.isGivenUp(measurement, kind)) {
                    continue;
                }
                System.err.printf(
                        "%s  %s, round %d of %d: %s%n",
                        LocalTime.now().format(DateTimeFormatter.ofPattern("HH:mm:ss")),
                        measurement.title(run.options()),
                        round,
                        rounds,
                        kind.label());
                try {
                    measurement.measure(kind, run);
                } catch (InterruptedException ex) {
                    throw ex;
                } catch (MeasurementException ex) {
                    System.err.println(ex.getMessage());
                    run.note(measurement, kind, String.valueOf(ex.getMessage()));
                } catch (Exception ex) {
                    // the others are measured all the same
                    ex.printStackTrace();
                    run.note(measurement, kind, "not measured: " + ex);
                }
                run.awaitNobody();
            }
        }
    }

    private static Map<String, String> versions(RedisCluster cluster) throws IOException {
        Map<String, String> versions = new LinkedHashMap<>();
        versions.put("server", cluster.serverVersion());
        versions.put("JDK", Runtime.version().toString());
        for (Map.Entry<String, String> artifact : ARTIFACTS.entrySet()) {
            versions.put(artifact.getKey(), version(artifact.getValue()));
        }
        Matcher glide = GLIDE_JAR.matcher(System.getProperty("java.class.path"));
        versions.put("Valkey GLIDE", glide.find() ? glide.group(1) : UNKNOWN);
        return versions;
    }

    /** As Maven has written it into the jar. */
    private static String version(String artifact) throws IOException {
        String resource = "META-INF/maven/" + artifact + "/pom.properties";
        try (InputStream properties = Comparison.class.getClassLoader().getResourceAsStream(resource)) {
            if (properties == null) {
                return UNKNOWN;
            }
            Properties read = new Properties();
            read.load(properties);
            return read.getProperty("version", UNKNOWN);
        }
    }
}
