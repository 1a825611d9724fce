package io.github.shardedpubsub.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** The documented form of the endpoint's JSON. */
final class EndpointSchema {

    static final Path FILE = Path.of("..", "docs", "endpoint.schema.json");

    private static final String ID = "urn:io.github.shardedpubsub:endpoint";

    private EndpointSchema() {}

    static String text() {
        try {
            return Files.readString(FILE);
        } catch (IOException ex) {
            throw new UncheckedIOException(ex);
        }
    }

    /** Against one of its definitions. */
    static void requireValid(String definition, String json) {
        SchemaRegistry registry = SchemaRegistry.withDefaultDialect(
                SpecificationVersion.DRAFT_2020_12, builder -> builder.schemas(Map.of(ID, text())));
        Schema schema = registry.getSchema(SchemaLocation.of(ID + "#/$defs/" + definition));
        assertThat(schema.validate(
                        json,
                        InputFormat.JSON,
                        context -> context.executionConfig(config -> config.formatAssertionsEnabled(true))))
                .isEmpty();
    }
}
