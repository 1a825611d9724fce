package io.github.shardedpubsub.readme;

import io.github.shardedpubsub.autoconfigure.ShardedPubSubProperties;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.handler.NoUnboundElementsBindHandler;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.io.ByteArrayResource;

/** The fenced blocks of documents, and what can be asked of them. */
final class Snippets {

    private static final Pattern FENCED = Pattern.compile("(?m)^```(\\w*)\n(.*?)^```$", Pattern.DOTALL);

    private Snippets() {}

    /** Those of a language, which is empty for none. */
    static List<String> of(String language, Path document) throws IOException {
        return FENCED.matcher(Files.readString(document))
                .results()
                .filter(found -> found.group(1).equals(language))
                .map(found -> found.group(2))
                .toList();
    }

    /** Our properties in YAML, of which there must be each that is named. */
    static ShardedPubSubProperties bind(String yaml) throws IOException {
        StandardEnvironment environment = new StandardEnvironment();
        new YamlPropertySourceLoader()
                .load("document", new ByteArrayResource(yaml.getBytes(StandardCharsets.UTF_8)))
                .forEach(environment.getPropertySources()::addFirst);
        return Binder.get(environment)
                .bind(
                        "sharded-pubsub",
                        Bindable.of(ShardedPubSubProperties.class),
                        new NoUnboundElementsBindHandler(BindHandler.DEFAULT))
                .get();
    }

    static String withoutSpaces(String text) {
        return text.replaceAll("\\s+", "");
    }
}
