package io.github.shardedpubsub.benchmark.compare;

import io.github.shardedpubsub.benchmark.client.ClientKind;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** What a comparison is asked to do: {@code --name=value} each, all with defaults. */
final class Options {

    private static final Map<String, String> DEFAULTS = new LinkedHashMap<>();

    static {
        DEFAULTS.put(
                "scenarios",
                Arrays.stream(Scenario.values()).map(Scenario::label).collect(Collectors.joining(",")));
        DEFAULTS.put(
                "clients",
                Arrays.stream(ClientKind.values()).map(ClientKind::label).collect(Collectors.joining(",")));
        DEFAULTS.put("rounds", "5");
        DEFAULTS.put("channels", "8");
        DEFAULTS.put("some-channels", "10000");
        DEFAULTS.put("many-channels", "100000");
        DEFAULTS.put("slot-channels", "1000");
        DEFAULTS.put("payload", "100");
        DEFAULTS.put("warm-up", "4000000");
        DEFAULTS.put("messages", "6000000");
        DEFAULTS.put("repeats", "10");
        DEFAULTS.put("moves", "40");
        DEFAULTS.put("limit-seconds", "10");
        DEFAULTS.put("work-seconds", "120");
        DEFAULTS.put("jvm", "-Xms1g,-Xmx1g");
        DEFAULTS.put("output", "");
    }

    private final Map<String, String> values = new LinkedHashMap<>(DEFAULTS);

    /**
     * Reads them.
     *
     * @throws IllegalArgumentException for an option that there is not, or a value that cannot be
     */
    Options(List<String> arguments) {
        for (String argument : arguments) {
            int equals = argument.indexOf('=');
            String name = equals < 0 || !argument.startsWith("--") ? argument : argument.substring(2, equals);
            if (!DEFAULTS.containsKey(name)) {
                throw new IllegalArgumentException("There is no option '" + argument + "'. " + help());
            }
            this.values.put(name, argument.substring(equals + 1));
        }
        for (String number : DEFAULTS.keySet()) {
            if (DEFAULTS.getOrDefault(number, "").matches("\\d+") && number(number) < 1) {
                throw new IllegalArgumentException("--" + number + " must be at least 1");
            }
        }
        clients();
        scenarios();
    }

    static String help() {
        return "The options are, with their defaults:\n"
                + DEFAULTS.entrySet().stream()
                        .map(option -> "  --" + option.getKey() + "=" + option.getValue())
                        .collect(Collectors.joining("\n"));
    }

    String text(String name) {
        return this.values.getOrDefault(name, "");
    }

    int number(String name) {
        return Integer.parseInt(text(name));
    }

    /** Whether a repetition counts, from 0: the first half of them makes each client's process warm. */
    boolean isCounted(int repetition) {
        return repetition >= number("repeats") / 2;
    }

    /** How long a client has to come back by itself. */
    Duration limit() {
        return Duration.ofSeconds(number("limit-seconds"));
    }

    /** How long a client has for a piece of work. */
    Duration workLimit() {
        return Duration.ofSeconds(number("work-seconds"));
    }

    List<String> list(String name) {
        return Arrays.stream(text(name).split(","))
                .filter(word -> !word.isEmpty())
                .toList();
    }

    List<ClientKind> clients() {
        return list("clients").stream().map(ClientKind::of).toList();
    }

    List<Scenario> scenarios() {
        return list("scenarios").stream().map(Scenario::of).toList();
    }

    /** All that decides what is measured. */
    Map<String, String> settings() {
        Map<String, String> settings = new LinkedHashMap<>(this.values);
        settings.remove("output");
        settings.remove("clients");
        settings.remove("scenarios");
        return settings;
    }
}
