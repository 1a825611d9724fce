package io.github.shardedpubsub.readme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.autoconfigure.ShardedPubSubAutoConfiguration;
import io.github.shardedpubsub.autoconfigure.ShardedPubSubObservationAutoConfiguration;
import io.github.shardedpubsub.autoconfigure.ShardedPubSubProperties;
import io.github.shardedpubsub.listener.FakeShardSubscriptions;
import io.github.shardedpubsub.listener.ShardedRedisListener;
import io.github.shardedpubsub.observation.DefaultShardProcessObservationConvention;
import io.github.shardedpubsub.observation.DefaultShardPublishObservationConvention;
import io.github.shardedpubsub.observation.HeaderEnvelope;
import io.github.shardedpubsub.observation.PayloadEnvelope;
import io.github.shardedpubsub.observation.ShardProcessObservationContext;
import io.github.shardedpubsub.observation.ShardProcessObservationConvention;
import io.github.shardedpubsub.observation.ShardPublishObservationContext;
import io.github.shardedpubsub.observation.ShardedPubSubObservation;
import io.github.shardedpubsub.observation.TracePropagation;
import io.github.shardedpubsub.publisher.PublishInterceptor;
import io.micrometer.common.docs.KeyName;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.tck.TestObservationRegistry;
import io.micrometer.observation.transport.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

/** What docs/observation.md says: its tables, its example of an envelope, and its snippets, which are run here. */
class ObservationDocumentTests {

    private static final Path DOCUMENT = Path.of("../docs/observation.md");

    private final TestObservationRegistry registry = TestObservationRegistry.create();

    @Configuration(proxyBeanMethods = false)
    static class Application {

        final List<String> received = new CopyOnWriteArrayList<>();

        @ShardedRedisListener(
                topic = {"orders:{eu}", "news"},
                id = "kitchen")
        void message(String text) {
            this.received.add(text);
        }

        @Bean
        ShardProcessObservationConvention spanNames() {
            return new DefaultShardProcessObservationConvention() {

                @Override
                public String getContextualName(ShardProcessObservationContext context) {
                    return "listener " + context.getListener();
                }
            };
        }

        @Bean
        PayloadEnvelope ordersOnly() {
            HeaderEnvelope envelope = new HeaderEnvelope();
            return new PayloadEnvelope() {

                @Override
                public byte[] wrap(String channel, Map<String, String> headers, byte[] payload) {
                    return channel.startsWith("orders:") ? envelope.wrap(channel, headers, payload) : payload;
                }

                @Override
                public @Nullable Content unwrap(String channel, byte[] received) {
                    return channel.startsWith("orders:") ? envelope.unwrap(channel, received) : null;
                }
            };
        }
    }

    @Test
    void theBeansOfTheSnippetsAreUsed() {
        byte[] wrapped = new HeaderEnvelope().wrap("", Map.of("a", "1"), "tea".getBytes(StandardCharsets.UTF_8));
        new ApplicationContextRunner()
                .withConfiguration(AutoConfigurations.of(
                        DataRedisAutoConfiguration.class,
                        ShardedPubSubAutoConfiguration.class,
                        ShardedPubSubObservationAutoConfiguration.class))
                .withPropertyValues(
                        "spring.data.redis.cluster.nodes=127.0.0.1:1",
                        "sharded-pubsub.observation.enabled=true",
                        "sharded-pubsub.observation.propagation=send")
                .withBean("subscriptions", FakeShardSubscriptions.class)
                .withBean(ObservationRegistry.class, () -> this.registry)
                .withUserConfiguration(Application.class)
                .run(context -> {
                    FakeShardSubscriptions subscriptions = context.getBean(FakeShardSubscriptions.class);
                    List<String> received = context.getBean(Application.class).received;
                    subscriptions.message("orders:{eu}", wrapped);
                    await().untilAsserted(() -> assertThat(received).containsExactly("tea"));
                    subscriptions.message("news", wrapped);
                    await().untilAsserted(() ->
                            assertThat(received).containsExactly("tea", new String(wrapped, StandardCharsets.UTF_8)));
                    await().untilAsserted(() -> assertThat(this.registry)
                            .hasNumberOfObservationsWithNameEqualTo("sharded.pubsub.process", 2)
                            .forAllObservationsWithNameEqualTo(
                                    "sharded.pubsub.process",
                                    each -> each.hasContextualNameEqualTo("listener kitchen")));
                    PublishInterceptor interceptor = context.getBean(PublishInterceptor.class);
                    assertThat(Objects.requireNonNull(interceptor.begin("news", wrapped, null))
                                    .payload())
                            .isSameAs(wrapped);
                });
    }

    @Test
    void itsTableOfObservationsIsWhatTheyAre() throws IOException {
        Map<String, ShardedPubSubObservation> byName = Map.of(
                new DefaultShardPublishObservationConvention().getName(), ShardedPubSubObservation.PUBLISH,
                new DefaultShardProcessObservationConvention().getName(), ShardedPubSubObservation.PROCESS);
        List<List<String>> rows = rows("| name | span |");
        assertThat(rows)
                .extracting(row -> code(row.get(0)).get(0))
                .containsExactlyInAnyOrderElementsOf(byName.keySet());
        for (List<String> row : rows) {
            ShardedPubSubObservation observation =
                    Objects.requireNonNull(byName.get(code(row.get(0)).get(0)));
            assertThat(code(row.get(3))).containsExactlyElementsOf(names(observation.getLowCardinalityKeyNames()));
            assertThat(code(row.get(4))).containsExactlyElementsOf(names(observation.getHighCardinalityKeyNames()));
        }
        ShardPublishObservationContext publish = new ShardPublishObservationContext("orders");
        ShardProcessObservationContext process = new ShardProcessObservationContext("orders", null, Map.of());
        assertThat(rows)
                .extracting(row -> row.get(1) + " " + row.get(2))
                .containsExactly(
                        "`" + new DefaultShardPublishObservationConvention().getContextualName(publish) + "` "
                                + publish.getKind(),
                        "`" + new DefaultShardProcessObservationConvention().getContextualName(process) + "` "
                                + process.getKind());
        assertThat(publish.getKind()).isEqualTo(Kind.PRODUCER);
    }

    @Test
    void itsTableOfKeysHasThemAll() throws IOException {
        Set<String> keys = new TreeSet<>();
        for (ShardedPubSubObservation observation : ShardedPubSubObservation.values()) {
            keys.addAll(names(observation.getLowCardinalityKeyNames()));
            keys.addAll(names(observation.getHighCardinalityKeyNames()));
        }
        assertThat(rows("| key | value |"))
                .extracting(row -> code(row.get(0)).get(0))
                .containsExactlyInAnyOrderElementsOf(keys);
    }

    @Test
    void itsTableOfPropagationHasEveryValue() throws IOException {
        assertThat(rows("| propagation |"))
                .extracting(row -> code(row.get(0)).get(0).toUpperCase(Locale.ROOT))
                .containsExactlyElementsOf(Stream.of(TracePropagation.values())
                        .map(TracePropagation::name)
                        .toList());
    }

    @Test
    void itsExampleIsAnEnvelope() throws IOException {
        String hex = Snippets.of("", DOCUMENT).get(0).replaceAll("\\s", "");
        assertThat(HexFormat.of()
                        .formatHex(new HeaderEnvelope()
                                .wrap("", Map.of("a", "1"), "tea".getBytes(StandardCharsets.UTF_8))))
                .isEqualTo(hex);
    }

    @Test
    void itsYamlNamesPropertiesThatThereAre() throws IOException {
        List<String> snippets = Snippets.of("yaml", DOCUMENT);
        assertThat(snippets).hasSize(2);
        for (String yaml : snippets) {
            ShardedPubSubProperties bound = Snippets.bind(yaml);
            assertThat(bound.getObservation().isEnabled()).isTrue();
            assertThat(bound.getObservation().getPropagation())
                    .isEqualTo(yaml.contains("send") ? TracePropagation.SEND : TracePropagation.NONE);
        }
    }

    @Test
    void itsJavaStandsHere() throws IOException {
        String source = Snippets.withoutSpaces(Files.readString(
                Path.of("src/test/java/io/github/shardedpubsub/readme/ObservationDocumentTests.java")));
        assertThat(Snippets.of("java", DOCUMENT))
                .hasSize(2)
                .allSatisfy(java -> assertThat(source).contains(Snippets.withoutSpaces(java)));
    }

    private static List<String> names(KeyName[] keys) {
        return Arrays.stream(keys).map(KeyName::asString).toList();
    }

    /** The cells of the table that begins so. */
    private static List<List<String>> rows(String head) throws IOException {
        return Files.readString(DOCUMENT)
                .lines()
                .dropWhile(line -> !line.startsWith(head))
                .skip(2)
                .takeWhile(line -> line.startsWith("|"))
                .map(line -> Arrays.stream(line.substring(1).split("\\|"))
                        .map(String::strip)
                        .toList())
                .toList();
    }

    private static List<String> code(String cell) {
        return Pattern.compile("`([^`]+)`")
                .matcher(cell)
                .results()
                .map(found -> found.group(1))
                .toList();
    }
}
