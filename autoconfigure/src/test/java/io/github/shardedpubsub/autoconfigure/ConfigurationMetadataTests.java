package io.github.shardedpubsub.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.BeanUtils;
import org.springframework.beans.BeanWrapperImpl;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.handler.NoUnboundElementsBindHandler;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ConfigurationMetadataTests {

    private static final List<Class<?>> VALUES =
            List.of(Duration.class, boolean.class, int.class, Integer.class, String.class, List.class);

    private final Map<String, String> descriptions = new HashMap<>();

    private final Map<String, String> defaults = new HashMap<>();

    @BeforeEach
    void readMetadata() throws IOException {
        try (InputStream metadata =
                getClass().getClassLoader().getResourceAsStream("META-INF/spring-configuration-metadata.json")) {
            for (JsonNode property :
                    JsonMapper.builder().build().readTree(metadata).path("properties")) {
                String name = property.path("name").asString();
                this.descriptions.put(name, property.path("description").asString(""));
                this.defaults.put(name, property.path("defaultValue").asString(""));
            }
        }
    }

    @Test
    void everyPropertyIsDescribed() {
        List<String> names = names("sharded-pubsub", ShardedPubSubProperties.class);
        assertThat(names).hasSizeGreaterThan(10);
        assertThat(this.descriptions).containsKeys(names.toArray(String[]::new));
        assertThat(names)
                .allSatisfy(
                        name -> assertThat(this.descriptions.get(name)).as(name).endsWith("."));
    }

    @Test
    void everyDefaultIsKnown() {
        assertThat(this.defaults)
                .containsEntry("sharded-pubsub.enabled", "true")
                .containsEntry("sharded-pubsub.subscription-timeout", "10s")
                .containsEntry("sharded-pubsub.fence-timeout", "5s")
                .containsEntry("sharded-pubsub.heartbeat", "5s")
                .containsEntry("sharded-pubsub.audit-interval", "30s")
                .containsEntry("sharded-pubsub.resubscribe.initial-backoff", "10ms")
                .containsEntry("sharded-pubsub.resubscribe.max-backoff", "2s")
                .containsEntry("sharded-pubsub.resubscribe.refused-interval", "30s")
                .containsEntry("sharded-pubsub.connection.idle-timeout", "10s")
                .containsEntry("sharded-pubsub.handover.interval", "2s")
                .containsEntry("sharded-pubsub.handover.quick-interval", "20ms")
                .containsEntry("sharded-pubsub.handover.quick-for", "10s")
                .containsEntry("sharded-pubsub.listener.auto-startup", "true")
                .containsEntry("sharded-pubsub.listener.fail-on-start-timeout", "true")
                .containsEntry("sharded-pubsub.listener.queue-capacity", "10000")
                .containsEntry("sharded-pubsub.listener.overflow", "drop-oldest")
                .containsEntry("sharded-pubsub.listener.shutdown-timeout", "10s")
                .containsEntry("sharded-pubsub.resubscribe.mode", "follow")
                .containsEntry("sharded-pubsub.publisher.retry-timeout", "2s")
                .containsEntry("sharded-pubsub.observation.enabled", "false")
                .containsEntry("sharded-pubsub.observation.propagation", "none")
                .containsEntry("sharded-pubsub.health.patience", "5s")
                .containsEntry("sharded-pubsub.lettuce.fence", "true");
    }

    @Test
    void theDocumentHasEveryPropertyWithItsDefaultAndDescription() throws IOException {
        List<String> expected = this.descriptions.keySet().stream()
                .filter(name -> name.startsWith("sharded-pubsub.") || name.startsWith("management.health."))
                .sorted()
                .map(this::row)
                .toList();
        assertThat(Files.readAllLines(Path.of("../docs/properties.md")).stream().filter(line -> line.startsWith("| `")))
                .isEqualTo(expected);
    }

    private String row(String name) {
        String value = this.defaults.getOrDefault(name, "");
        return "| `%s` | %s | %s |"
                .formatted(name, value.isEmpty() ? "" : "`" + value + "`", this.descriptions.get(name));
    }

    /** Whatever is said to be a property: set to something else than its default, it arrives where the code reads it. */
    @Test
    void everyPropertyIsBound() {
        List<String> names = this.descriptions.keySet().stream()
                .filter(name -> name.startsWith("sharded-pubsub."))
                .toList();
        ShardedPubSubProperties defaults = new ShardedPubSubProperties();
        Map<String, String> values = new HashMap<>();
        names.forEach(name -> values.put(name, anotherThan(valueOf(defaults, name), typeOf(defaults, name))));
        ShardedPubSubProperties bound = new Binder(new MapConfigurationPropertySource(values))
                .bind(
                        "sharded-pubsub",
                        Bindable.of(ShardedPubSubProperties.class),
                        new NoUnboundElementsBindHandler(BindHandler.DEFAULT))
                .get();
        assertThat(names)
                .hasSizeGreaterThan(10)
                .allSatisfy(name -> assertThat(valueOf(bound, name))
                        .as(name)
                        .isNotEqualTo(valueOf(defaults, name))
                        .extracting(ConfigurationMetadataTests::asText)
                        .isEqualTo(values.get(name)));
    }

    private static @Nullable Object valueOf(ShardedPubSubProperties properties, String name) {
        return new BeanWrapperImpl(properties).getPropertyValue(path(name));
    }

    private static Class<?> typeOf(ShardedPubSubProperties properties, String name) {
        return Objects.requireNonNull(new BeanWrapperImpl(properties).getPropertyType(path(name)), name);
    }

    private static String path(String name) {
        return Pattern.compile("-([a-z])")
                .matcher(name.substring("sharded-pubsub.".length()))
                .replaceAll(letter -> letter.group(1).toUpperCase(Locale.ROOT));
    }

    private static String anotherThan(@Nullable Object value, Class<?> type) {
        if (type.isEnum()) {
            return Arrays.stream(type.getEnumConstants())
                    .filter(constant -> !constant.equals(value))
                    .map(ConfigurationMetadataTests::asText)
                    .findFirst()
                    .orElseThrow();
        }
        if (type == boolean.class || type == Boolean.class) {
            return String.valueOf(!Boolean.TRUE.equals(value));
        }
        return type == Duration.class ? "7s" : "7";
    }

    private static String asText(@Nullable Object value) {
        if (value instanceof Duration duration) {
            return duration.toSeconds() + "s";
        }
        if (value instanceof List<?> several) {
            return several.stream().map(String::valueOf).collect(Collectors.joining(","));
        }
        return String.valueOf(value).toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static List<String> names(String prefix, Class<?> type) {
        List<String> names = new ArrayList<>();
        for (var property : BeanUtils.getPropertyDescriptors(type)) {
            Class<?> propertyType = property.getPropertyType();
            String name = prefix + "." + dashed(property.getName());
            if (propertyType == null || property.getName().equals("class")) {
                continue;
            }
            if (VALUES.contains(propertyType) || propertyType.isEnum()) {
                names.add(name);
            } else {
                names.addAll(names(name, propertyType));
            }
        }
        return names;
    }

    private static String dashed(String name) {
        return name.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
    }
}
