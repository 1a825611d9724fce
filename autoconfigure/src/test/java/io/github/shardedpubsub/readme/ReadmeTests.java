package io.github.shardedpubsub.readme;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.autoconfigure.ShardedPubSubProperties;
import io.github.shardedpubsub.listener.ReactiveShardedRedisMessageListenerContainer;
import io.github.shardedpubsub.listener.ShardPubSubHeaders;
import io.github.shardedpubsub.listener.ShardRestoredEvent;
import io.github.shardedpubsub.listener.ShardedRedisListener;
import io.github.shardedpubsub.listener.ShardedRedisListenerRegistry;
import io.github.shardedpubsub.listener.ShardedRedisMessageListenerContainer;
import io.github.shardedpubsub.publisher.ShardMessage;
import io.github.shardedpubsub.publisher.ShardedPublisher;
import io.github.shardedpubsub.test.RedisCluster;
import io.github.shardedpubsub.test.RedisClusterConnectionDetails;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.data.redis.autoconfigure.DataRedisConnectionDetails;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;
import org.springframework.data.redis.connection.MessageListener;
import org.springframework.data.redis.connection.ReactiveSubscription;
import org.springframework.data.redis.listener.ChannelTopic;
import org.springframework.data.redis.listener.support.PubSubHeaders;
import org.springframework.data.redis.serializer.JacksonJsonRedisSerializer;
import org.springframework.data.redis.serializer.RedisSerializationContext.SerializationPair;
import org.springframework.data.redis.serializer.RedisSerializer;
import org.springframework.messaging.handler.annotation.Header;
import org.springframework.messaging.handler.annotation.Payload;
import org.springframework.util.ErrorHandler;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.test.StepVerifier;

/** The snippets of the README and the documents: the Java ones stand in this package word for word, and are run. */
class ReadmeTests {

    private static final Path README = Path.of("../README.md");

    private static final Path DOCUMENTS = Path.of("../docs");

    private static final Duration SOON = Duration.ofSeconds(10);

    record Order(long number, String what) {}

    @TestConfiguration(proxyBeanMethods = false)
    static class RealCluster {

        @Bean
        RedisCluster cluster() {
            return RedisCluster.start(3, 1);
        }

        @Bean
        DataRedisConnectionDetails redis(RedisCluster cluster) {
            return new RedisClusterConnectionDetails(cluster);
        }
    }

    static RedisCluster inContainers() {
        return RedisCluster.containers("redis:8.0").masters(3).replicas(1).start();
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {

        final List<Order> orders = new CopyOnWriteArrayList<>();

        final List<String> texts = new CopyOnWriteArrayList<>();

        @ShardedRedisListener(topic = "orders:{eu}", consumes = "application/json")
        void order(@Payload Order order) {
            this.orders.add(order);
        }

        @ShardedRedisListener("${region.channel}")
        void text(String text, @Header(PubSubHeaders.CHANNEL) ChannelTopic channel) {
            this.texts.add(channel.getTopic() + " " + text);
        }

        final List<String> alerts = new CopyOnWriteArrayList<>();

        @ShardedRedisListener(
                topic = {"alerts:{eu}", "#{'${alert.channels}'.split(',')}"},
                id = "alerts",
                concurrency = "2",
                queueCapacity = "100",
                overflow = "block",
                errorHandler = "pager")
        void alert(String text, @Header(ShardPubSubHeaders.SLOT) int slot) {
            this.alerts.add(text + " from slot " + slot);
        }

        @Bean
        ErrorHandler pager() {
            return error -> this.alerts.add("failed");
        }

        final List<String> gaps = new CopyOnWriteArrayList<>();

        @EventListener
        void restored(ShardRestoredEvent gap) {
            this.gaps.add(gap.channel() + " was away for " + gap.duration());
        }
    }

    @Test
    void theSnippetsDoWhatTheReadmeSays() {
        try (ConfigurableApplicationContext context = new SpringApplicationBuilder(Application.class, RealCluster.class)
                .web(WebApplicationType.NONE)
                .properties("region.channel=texts:{eu}", "alert.channels=alerts:{us},alerts:{asia}")
                .run()) {
            ShardedPublisher publisher = context.getBean(ShardedPublisher.class);
            ShardedRedisMessageListenerContainer container = context.getBean(
                    ShardedRedisMessageListenerContainer.BEAN_NAME, ShardedRedisMessageListenerContainer.class);
            Application application = context.getBean(Application.class);
            List<String> heard = new CopyOnWriteArrayList<>();
            MessageListener listener =
                    (message, pattern) -> heard.add(new String(message.getBody(), StandardCharsets.UTF_8));

            container.addMessageListener(
                    listener, List.of(ChannelTopic.of("courier:{1}"), ChannelTopic.of("courier:{2}")));
            container.removeMessageListener(listener, ChannelTopic.of("courier:{1}"));

            ReactiveShardedRedisMessageListenerContainer reactive =
                    context.getBean(ReactiveShardedRedisMessageListenerContainer.class);
            Flux<String> positions =
                    reactive.receive(ChannelTopic.of("courier:{3}")).map(ReactiveSubscription.Message::getMessage);
            Mono<Flux<ReactiveSubscription.Message<String, Order>>> orders = reactive.receiveLater(
                    List.of(ChannelTopic.of("orders:{eu}")),
                    SerializationPair.fromSerializer(RedisSerializer.string()),
                    SerializationPair.fromSerializer(new JacksonJsonRedisSerializer<>(Order.class)));
            Flux<Duration> gaps = reactive.events(ChannelTopic.of("courier:{3}"))
                    .ofType(ShardRestoredEvent.class)
                    .map(ShardRestoredEvent::duration);

            List<Duration> seen = new CopyOnWriteArrayList<>();
            gaps.subscribe(seen::add);
            StepVerifier.create(positions)
                    .then(() -> await().atMost(SOON).until(() -> publisher.publish("courier:{3}", "on my way") == 1))
                    .expectNext("on my way")
                    .then(() -> interrupt(context.getBean(RedisCluster.class), "courier:{3}"))
                    .then(() -> await().atMost(SOON).until(() -> !seen.isEmpty()))
                    .thenCancel()
                    .verify(SOON);
            StepVerifier.create(orders.flatMapMany(messages -> {
                        publisher.publishAsync("orders:{eu}", new Order(0, "water"));
                        return messages.map(ReactiveSubscription.Message::getMessage);
                    }))
                    .expectNext(new Order(0, "water"))
                    .thenCancel()
                    .verify(SOON);
            await().atMost(SOON).until(() -> !application.orders.isEmpty());
            application.orders.clear();

            long receivers = publisher.publish("orders:{eu}", new Order(1, "tea"));
            CompletableFuture<Long> later = publisher.publishAsync("courier:{2}", "on my way");

            List<Long> counts = publisher.publishAll(List.of(
                    new ShardMessage("orders:{eu}", new Order(2, "coffee")), new ShardMessage("courier:{2}", "soon")));

            assertThat(counts).containsExactly(1L, 1L);
            assertThat(receivers).isEqualTo(1);
            assertThat(later.join()).isEqualTo(1);
            publisher.publish("texts:{eu}", "hello");
            await().atMost(SOON).untilAsserted(() -> {
                assertThat(application.orders).containsExactly(new Order(1, "tea"), new Order(2, "coffee"));
                assertThat(application.texts).containsExactly("texts:{eu} hello");
                assertThat(heard).containsExactly("on my way", "soon");
            });
            await().atMost(SOON).until(() -> publisher.publish("courier:{1}", "nobody listens") == 0);

            ShardedRedisListenerRegistry registry = context.getBean(ShardedRedisListenerRegistry.class);
            registry.getListener("alerts").pause();
            registry.getListener("alerts").resume();

            publisher.publish("alerts:{asia}", "fire");
            await().atMost(SOON)
                    .untilAsserted(() -> assertThat(application.alerts)
                            .containsExactly("fire from slot " + RedisCluster.slot("alerts:{asia}")));
        }
    }

    private static void interrupt(RedisCluster cluster, String channel) {
        cluster.owner(RedisCluster.slot(channel)).killClients("pubsub");
    }

    @Test
    void everyJavaSnippetStandsInThisPackage() throws IOException {
        StringBuilder sources = new StringBuilder();
        try (DirectoryStream<Path> files =
                Files.newDirectoryStream(Path.of("src/test/java/io/github/shardedpubsub/readme"), "*.java")) {
            for (Path file : files) {
                sources.append(Snippets.withoutSpaces(Files.readString(file)));
            }
        }
        assertThat(javaSnippets())
                .hasSizeGreaterThan(10)
                .allSatisfy(snippet -> assertThat(sources).contains(Snippets.withoutSpaces(snippet)));
    }

    /** What is said of ours beside others, and the tests that hold it. */
    private static final Map<String, List<String>> HELD = Map.ofEntries(
            entry("annotation", List.of("listener.ShardedRedisListenerTests")),
            entry("expressions", List.of("listener.ShardedRedisListenerTests")),
            entry("conversion", List.of("listener.ShardedRedisListenerTests", "publisher.ShardedPublisherTests")),
            entry("validation", List.of("listener.ShardedRedisListenerTests")),
            entry("concurrency", List.of("listener.OrderedDeliveryTests")),
            entry("order", List.of("listener.OrderedDeliveryTests", "subscription.LiveSubscriptionsTests")),
            entry("what was missed", List.of("recovery.RecoveringListenerTests", "recovery.StoredPositionsTests")),
            entry("backpressure", List.of("listener.BackpressureTests", "subscription.ReadingPauseTests")),
            entry("errors", List.of("listener.ShardedRedisMessageListenerContainerTests")),
            entry("events", List.of("listener.ShardEventPublisherTests")),
            entry("pause", List.of("autoconfigure.ListeningApplicationTests")),
            entry("graceful stop", List.of("autoconfigure.ListeningApplicationTests")),
            entry("at run time", List.of("listener.ShardedRedisMessageListenerContainerTests")),
            entry("health", List.of("actuate.ShardedPubSubHealthIndicatorTests")),
            entry("metrics", List.of("autoconfigure.ShardedPubSubMetricsAutoConfigurationTests")),
            entry("tracing", List.of("observation.TracedApplicationTests")),
            entry("reactive", List.of("listener.ReactiveListeningTests", "publisher.ReactiveShardedPublisherTests")),
            entry("virtual threads", List.of("autoconfigure.ShardedPubSubAutoConfigurationTests")),
            entry("ahead of time", List.of("autoconfigure.AheadOfTimeTests")),
            entry("tests", List.of("readme.OrderTests")));

    @Test
    void whatIsSaidBesideOtherLibrariesNamesClassesThatThereAreAndIsTested() throws IOException {
        Map<String, String> rows = rows("| | here |");
        assertThat(rows.keySet()).containsExactlyInAnyOrderElementsOf(HELD.keySet());
        Set<String> sources;
        try (Stream<Path> files = Stream.concat(
                Files.walk(Path.of("src/main/java")), Files.walk(Path.of("../test-support/src/main/java")))) {
            sources = files.map(file -> file.getFileName().toString()).collect(Collectors.toSet());
        }
        rows.forEach((row, ours) -> {
            List<String> classes = Pattern.compile("`@?(\\w*(?:Shard|Listener|Overflow|Redis)\\w*)`")
                    .matcher(ours)
                    .results()
                    .map(match -> match.group(1) + ".java")
                    .toList();
            assertThat(classes).as("what the row names: " + row).isNotEmpty();
            assertThat(sources).as(row).containsAll(classes);
        });
        assertThat(HELD.values().stream().flatMap(List::stream))
                .allSatisfy(test -> assertThat(
                                Path.of("src/test/java/io/github/shardedpubsub", test.replace('.', '/') + ".java"))
                        .exists());
    }

    /** The second column of the table by its first. */
    private static Map<String, String> rows(String head) throws IOException {
        List<String> lines = Files.readAllLines(DOCUMENTS.resolve("comparison.md"));
        int table = IntStream.range(0, lines.size())
                .filter(line -> lines.get(line).startsWith(head))
                .findFirst()
                .orElseThrow();
        return lines.stream()
                .skip(table + 2)
                .takeWhile(line -> line.startsWith("|"))
                .map(line -> line.split("\\|", -1))
                .collect(Collectors.toMap(cells -> cells[1].strip(), cells -> cells[2].strip()));
    }

    @Test
    void theYamlSnippetNamesPropertiesThatThereAre() throws IOException {
        String yaml = Snippets.of("yaml", README).get(0);
        ShardedPubSubProperties bound = Snippets.bind(yaml);
        assertThat(bound.getSubscriptionTimeout()).isEqualTo(Duration.ofSeconds(10));
        assertThat(bound.getHealth().getPatience()).isEqualTo(Duration.ofSeconds(5));
    }

    @Test
    void everyLinkLeadsToAFileThatThereIs() throws IOException {
        List<Path> all = new ArrayList<>(documents());
        all.add(Path.of("../CONTRIBUTING.md"));
        all.add(Path.of("../SECURITY.md"));
        for (Path document : all) {
            List<Path> linked = Pattern.compile("]\\((?!https?:)([^)#]+)")
                    .matcher(Files.readString(document))
                    .results()
                    .map(link -> document.resolveSibling(link.group(1)))
                    .toList();
            assertThat(linked)
                    .as(document.toString())
                    .allSatisfy(file -> assertThat(file).exists());
        }
    }

    @Test
    void everyDocumentIsLinkedInTheReadme() throws IOException {
        String readme = Files.readString(README);
        assertThat(documents().stream().filter(document -> !document.equals(README)))
                .allSatisfy(document -> assertThat(readme).contains("(docs/" + document.getFileName() + ")"));
    }

    private static List<Path> documents() throws IOException {
        try (Stream<Path> documents = Files.list(DOCUMENTS)) {
            return Stream.concat(
                            Stream.of(README),
                            documents
                                    .filter(file -> file.toString().endsWith(".md"))
                                    .sorted())
                    .toList();
        }
    }

    private static List<String> javaSnippets() throws IOException {
        List<String> snippets = new ArrayList<>();
        for (Path document : documents()) {
            snippets.addAll(Snippets.of("java", document));
        }
        return snippets;
    }
}
