package io.github.shardedpubsub.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.beans.BeanUtils;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ConfigurationMetadataTests {

    private static final List<Class<?>> VALUES = List.of(Duration.class, boolean.class, int.class, Integer.class);

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
                this.defaults.put(name, property.path("defaultValue").asString("none"));
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
                .containsEntry("sharded-pubsub.listener.auto-startup", "true")
                .containsEntry("sharded-pubsub.listener.fail-on-start-timeout", "true")
                .containsEntry("sharded-pubsub.listener.queue-capacity", "10000")
                .containsEntry("sharded-pubsub.listener.overflow", "drop-oldest")
                .containsEntry("sharded-pubsub.publisher.retry-timeout", "2s")
                .containsEntry("sharded-pubsub.health.patience", "5s")
                .containsEntry("sharded-pubsub.lettuce.fence", "true");
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
