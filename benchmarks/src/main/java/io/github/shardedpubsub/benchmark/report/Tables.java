package io.github.shardedpubsub.benchmark.report;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Shows a report as tables in Markdown: one for each scenario, with a row for each client and a column for each measure. */
public final class Tables {

    /** Between these two lines of a page stand the tables of a report, or what is said as long as there is none. */
    public static final String BEGIN = "<!-- results: written by the benchmarks -->";

    /** The second of them. */
    public static final String END = "<!-- /results -->";

    private static final String LIMIT = "raw";

    private static final List<String> SHOWN_SHORTLY = List.of(LIMIT, "ours", "lettuce-resp3", "jedis");

    private static final int DIGITS = 3;

    private Tables() {}

    /** All tables, and below what they were measured with. */
    public static String of(Report report) {
        StringBuilder text = new StringBuilder();
        scenarios(report).forEach((scenario, clients) -> text.append(table(scenario, clients)));
        return text.append(measuredWith(report)).toString();
    }

    /**
     * One table for all: a row for each scenario with its first measure, and a column for each of some clients. A scenario that none of them
     * has but the limit is not shown.
     */
    public static String shortly(Report report) {
        StringBuilder table = new StringBuilder("| |");
        SHOWN_SHORTLY.forEach(client -> table.append(' ').append(client).append(" |"));
        table.append("\n|---|").append("---|".repeat(SHOWN_SHORTLY.size())).append('\n');
        scenarios(report).forEach((scenario, clients) -> {
            if (SHOWN_SHORTLY.stream().noneMatch(client -> !client.equals(LIMIT) && clients.containsKey(client))) {
                return;
            }
            String measure =
                    clients.values().iterator().next().keySet().iterator().next();
            table.append("| ").append(scenario).append(": ").append(measure).append(" |");
            Series limit = clients.getOrDefault(LIMIT, Map.of()).get(measure);
            for (String client : SHOWN_SHORTLY) {
                Series series = clients.getOrDefault(client, Map.of()).get(measure);
                table.append(' ')
                        .append(cell(series, client.equals(LIMIT) ? null : limit))
                        .append(" |");
            }
            table.append('\n');
        });
        return table.append('\n').append(measuredWith(report)).toString();
    }

    private static Map<String, Map<String, Map<String, Series>>> scenarios(Report report) {
        Map<String, Map<String, Map<String, Series>>> scenarios = new LinkedHashMap<>();
        for (Series series : report.series()) {
            scenarios
                    .computeIfAbsent(series.scenario(), scenario -> new LinkedHashMap<>())
                    .computeIfAbsent(series.client(), client -> new LinkedHashMap<>())
                    .put(series.measure(), series);
        }
        return scenarios;
    }

    private static String measuredWith(Report report) {
        StringBuilder text =
                new StringBuilder("Measured on ").append(report.date()).append(" with ");
        text.append(report.versions().entrySet().stream()
                .map(version -> version.getKey() + " " + version.getValue())
                .collect(Collectors.joining(", ")));
        Machine machine = report.machine();
        text.append(String.format(
                Locale.ROOT,
                ", on %d cores%s with %d MiB of memory and %s (%s).%n",
                machine.cores(),
                machine.processor().isEmpty() ? "" : " of " + machine.processor(),
                machine.memoryMebibytes(),
                machine.os(),
                machine.architecture()));
        return text.toString().replace("\r\n", "\n");
    }

    private static String table(String scenario, Map<String, Map<String, Series>> clients) {
        Set<String> measures = new LinkedHashSet<>();
        clients.values().forEach(series -> measures.addAll(series.keySet()));
        StringBuilder table = new StringBuilder("### " + scenario + "\n\n| client |");
        measures.forEach(measure -> table.append(' ').append(measure).append(" |"));
        table.append("\n|---|").append("---|".repeat(measures.size())).append('\n');
        Map<String, Series> limit = clients.getOrDefault(LIMIT, Map.of());
        clients.forEach((client, series) -> {
            table.append("| ").append(client).append(" |");
            for (String measure : measures) {
                table.append(' ')
                        .append(cell(series.get(measure), client.equals(LIMIT) ? null : limit.get(measure)))
                        .append(" |");
            }
            table.append('\n');
        });
        return table.append('\n').toString();
    }

    private static String cell(@Nullable Series series, @Nullable Series limit) {
        if (series == null) {
            return "";
        }
        StringJoiner cell = new StringJoiner("; ");
        Double median = series.median();
        if (median != null) {
            Double p99 = series.p99();
            cell.add(number(median) + " " + series.unit() + (p99 == null ? "" : ", p99 " + number(p99)));
            Double least = limit == null ? null : limit.median();
            if (least != null && least != 0) {
                cell.add(number(Statistics.ratio(median, least)) + " × raw");
            }
        }
        if (series.note() != null) {
            cell.add(series.note());
        }
        return cell.toString();
    }

    /** With three digits that count, or all before the point. */
    static String number(double value) {
        if (value == 0) {
            return "0";
        }
        int before = (int) Math.floor(Math.log10(Math.abs(value))) + 1;
        return String.format(Locale.ROOT, "%,." + Math.max(0, DIGITS - before) + "f", value);
    }

    /**
     * The page with these tables in the place that is kept for them.
     *
     * @throws IllegalArgumentException if the page has no such place
     */
    public static String into(String page, String tables) {
        int begin = page.indexOf(BEGIN);
        int end = page.indexOf(END);
        if (begin < 0 || end < begin) {
            throw new IllegalArgumentException("The page has no lines '" + BEGIN + "' and '" + END + "'");
        }
        return page.substring(0, begin + BEGIN.length()) + "\n\n" + tables + "\n" + page.substring(end);
    }

    /** What stands on the page in the place for tables. */
    public static String in(String page) {
        return page.substring(page.indexOf(BEGIN) + BEGIN.length(), page.indexOf(END))
                .strip();
    }
}
