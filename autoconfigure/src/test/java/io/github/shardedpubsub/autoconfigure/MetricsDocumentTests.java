package io.github.shardedpubsub.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Mockito.mock;

import io.github.shardedpubsub.actuate.FakeShardSubscriptions;
import io.github.shardedpubsub.actuate.ShardedPubSubMeter;
import io.github.shardedpubsub.listener.ShardEventPublisher;
import io.github.shardedpubsub.pipe.PubSubFence;
import io.github.shardedpubsub.publisher.ShardedPublisher;
import io.github.shardedpubsub.recovery.RecoverySettings;
import io.github.shardedpubsub.recovery.ShardRecovery;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import io.lettuce.core.cluster.RedisClusterClient;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.export.prometheus.PrometheusMetricsExportAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The documents on metrics, against the meters of an application with Boot's Prometheus registry. */
class MetricsDocumentTests {

    private static final Path DOCS = Path.of("..", "docs");

    private static final Path TABLE = DOCS.resolve("metrics.md");

    private static final Path ALERTS = DOCS.resolve("prometheus-alerts.yml");

    private static final Path ALERT_TESTS = DOCS.resolve("prometheus-alerts-test.yml");

    private static final Path DASHBOARD = DOCS.resolve("grafana-dashboard.json");

    private static final Pattern METRIC = Pattern.compile("sharded_pubsub_\\w+");

    /** A metric in an expression, and what is asked of its labels. */
    private static final Pattern SELECTOR = Pattern.compile("(sharded_pubsub_\\w+)\\{([^}]*)}");

    private static final Pattern TAG =
            Pattern.compile("\\b(state|cause|outcome|result)(=~?|!=)\\\\?\"([\\w|]+)\\\\?\"");

    private static void run(Consumer<PrometheusMeterRegistry> test) {
        new ApplicationContextRunner()
                .withConfiguration(AutoConfigurations.of(
                        MetricsAutoConfiguration.class,
                        CompositeMeterRegistryAutoConfiguration.class,
                        PrometheusMetricsExportAutoConfiguration.class,
                        ShardedPubSubMetricsAutoConfiguration.class))
                .withBean(ShardSubscriptions.class, FakeShardSubscriptions::new)
                .withBean(PubSubFence.class, () -> new PubSubFence(channel -> 0))
                .withBean(
                        ShardEventPublisher.class,
                        () -> new ShardEventPublisher(
                                event -> {}, Clock.systemUTC(), ShardEventPublisher.DEFAULT_CAPACITY))
                .withBean(
                        ShardRecovery.class,
                        () -> new ShardRecovery(
                                () -> mock(RedisClusterClient.class),
                                new FakeShardSubscriptions(),
                                RecoverySettings.DEFAULTS))
                .withBean(
                        ShardedPublisher.class, () -> new ShardedPublisher(() -> mock(RedisClusterClient.class), null))
                .run(context -> test.accept(context.getBean(PrometheusMeterRegistry.class)));
    }

    /** A row of the table. */
    private record Row(String name, String prometheus, String type, String unit, String tag, String meaning) {}

    private static List<Row> rows() throws IOException {
        return Files.readAllLines(TABLE).stream()
                .filter(line -> line.startsWith("| `"))
                .map(line -> line.split(" *\\| *", -1))
                .map(cell -> new Row(code(cell[1]), code(cell[2]), cell[3], cell[4], cell[5], cell[6]))
                .toList();
    }

    private static String code(String cell) {
        return cell.replace("`", "");
    }

    @Test
    void theTableHasEveryMeterAsItIsRegistered() throws IOException {
        List<Row> documented = rows();
        run(registry -> {
            Map<String, List<Meter>> meters = registry.getMeters().stream()
                    .filter(meter -> meter.getId().getName().startsWith("sharded.pubsub."))
                    .collect(
                            Collectors.groupingBy(meter -> meter.getId().getName(), TreeMap::new, Collectors.toList()));
            assertThat(documented)
                    .containsExactlyInAnyOrderElementsOf(meters.entrySet().stream()
                            .map(meter -> row(meter.getKey(), meter.getValue(), registry))
                            .toList());
        });
        assertThat(documented)
                .extracting(Row::name)
                .as("the order of the table")
                .containsExactlyElementsOf(Arrays.stream(ShardedPubSubMeter.values())
                        .map(ShardedPubSubMeter::getName)
                        .toList());
    }

    private static Row row(String name, List<Meter> meters, PrometheusMeterRegistry registry) {
        Meter.Id id = meters.get(0).getId();
        boolean timer = id.getType() == Meter.Type.TIMER;
        Map<String, Set<String>> tags = new LinkedHashMap<>();
        for (Meter meter : meters) {
            for (Tag tag : meter.getId().getTags()) {
                tags.computeIfAbsent(tag.getKey(), key -> new LinkedHashSet<>()).add(tag.getValue());
            }
        }
        String tag = tags.entrySet().stream()
                .map(values -> "`" + values.getKey() + "`: " + String.join(", ", ordered(name, values.getValue())))
                .collect(Collectors.joining("; "));
        String unit = timer ? "seconds" : Objects.requireNonNull(id.getBaseUnit(), name);
        return new Row(
                name,
                id.getConventionName(registry.config().namingConvention())
                        + (id.getType() == Meter.Type.COUNTER ? "_total" : ""),
                id.getType().name().toLowerCase(Locale.ROOT),
                unit,
                tag.isEmpty() ? "none" : tag,
                String.valueOf(id.getDescription()));
    }

    /** Those of the table, if they are the same. */
    private static Iterable<String> ordered(String name, Set<String> values) {
        try {
            return rows().stream()
                    .filter(row -> row.name().equals(name))
                    .map(row -> List.of(
                            row.tag().substring(row.tag().indexOf(':') + 2).split(", ")))
                    .filter(words -> Set.copyOf(words).equals(values))
                    .findFirst()
                    .orElse(List.copyOf(values));
        } catch (IOException ex) {
            throw new AssertionError(ex);
        }
    }

    @Test
    void theTablesNamesAreThoseThatPrometheusIsShown() throws IOException {
        List<Row> rows = rows();
        run(registry -> {
            Set<String> shown = samples(registry.scrape());
            assertThat(rows)
                    .allSatisfy(row -> assertThat(shown)
                            .contains(row.type().equals("timer") ? row.prometheus() + "_count" : row.prometheus()));
        });
    }

    @Test
    void alertsAskForWhatThereIs() throws IOException {
        asksForWhatThereIs(Files.readString(ALERTS));
        asksForWhatThereIs(Files.readString(ALERT_TESTS));
    }

    @Test
    void theDashboardAsksForWhatThereIsAndForEveryMeter() throws IOException {
        String dashboard = Files.readString(DASHBOARD);
        asksForWhatThereIs(dashboard);
        assertThat(rows()).allSatisfy(row -> assertThat(dashboard).contains(row.prometheus()));
    }

    @Test
    void thePanelsOfTheDashboardAreWholeAndApart() throws IOException {
        JsonNode dashboard = JsonMapper.shared().readTree(Files.readString(DASHBOARD));
        Set<Integer> ids = new LinkedHashSet<>();
        boolean[][] taken = new boolean[100][24];
        for (JsonNode panel : dashboard.get("panels")) {
            assertThat(ids.add(panel.get("id").asInt())).isTrue();
            assertThat(panel.get("title").asString()).isNotBlank();
            assertThat(panel.get("targets").size()).isPositive();
            JsonNode place = panel.get("gridPos");
            for (int y = 0; y < place.get("h").asInt(); y++) {
                for (int x = 0; x < place.get("w").asInt(); x++) {
                    boolean[] line = taken[place.get("y").asInt() + y];
                    int column = place.get("x").asInt() + x;
                    assertThat(line[column]).as(panel.get("title").asString()).isFalse();
                    line[column] = true;
                }
            }
            for (JsonNode target : panel.get("targets")) {
                String expression = target.get("expr").asString();
                assertThat(expression).contains("$application", "$instance");
                assertThat(expression.chars().filter(c -> c == '(').count())
                        .as(expression)
                        .isEqualTo(expression.chars().filter(c -> c == ')').count());
            }
        }
        assertThat(ids).hasSizeGreaterThan(10);
    }

    @Test
    void everyAlertIsTestedAndInTheTable() throws IOException {
        List<String> alerts = Pattern.compile("- alert: (\\w+)")
                .matcher(Files.readString(ALERTS))
                .results()
                .map(found -> found.group(1))
                .toList();
        assertThat(alerts).hasSizeGreaterThan(10).doesNotHaveDuplicates();
        String tests = Files.readString(ALERT_TESTS);
        assertThat(alerts)
                .allSatisfy(alert ->
                        assertThat(tests).contains("ALERTS{alertname=\"" + alert + "\"", "- name: " + alert + "\n"));
        Set<String> named = Pattern.compile("`(Shard[A-Z]\\w+)`")
                .matcher(Files.readString(TABLE))
                .results()
                .map(found -> found.group(1))
                .collect(Collectors.toSet());
        assertThat(named).containsExactlyInAnyOrderElementsOf(alerts);
    }

    private static void asksForWhatThereIs(String text) {
        run(registry -> {
            String scrape = registry.scrape();
            Set<String> shown = samples(scrape);
            Set<String> asked =
                    METRIC.matcher(text).results().map(MatchResult::group).collect(Collectors.toSet());
            assertThat(asked).isNotEmpty();
            assertThat(shown).containsAll(asked);
            SELECTOR.matcher(text).results().forEach(selector -> requireTags(selector, scrape));
        });
    }

    private static void requireTags(MatchResult selector, String scrape) {
        Matcher tags = TAG.matcher(selector.group(2));
        while (tags.find()) {
            for (String value : tags.group(3).split("\\|")) {
                assertThat(scrape)
                        .as(selector.group())
                        .contains(selector.group(1) + "{" + tags.group(1) + "=\"" + value + "\"}");
            }
        }
    }

    private static Set<String> samples(String scrape) {
        return scrape.lines()
                .map(MetricsDocumentTests::sample)
                .filter(Objects::nonNull)
                .collect(Collectors.toSet());
    }

    private static @Nullable String sample(String line) {
        Matcher sample = METRIC.matcher(line);
        return !line.startsWith("#") && sample.lookingAt() ? sample.group() : null;
    }
}
