package io.github.shardedpubsub.readme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.LiveCluster;
import io.github.shardedpubsub.LiveTest;
import io.github.shardedpubsub.autoconfigure.ShardedPubSubAutoConfiguration;
import io.github.shardedpubsub.autoconfigure.ShardedPubSubProperties;
import io.github.shardedpubsub.autoconfigure.ShardedPubSubReactiveAutoConfiguration;
import io.github.shardedpubsub.listener.ListenerOptions;
import io.github.shardedpubsub.listener.ReactiveShardedRedisMessageListenerContainer;
import io.github.shardedpubsub.listener.RecoverableMessage;
import io.github.shardedpubsub.listener.ShardHistoryLostEvent;
import io.github.shardedpubsub.listener.ShardPubSubHeaders;
import io.github.shardedpubsub.listener.ShardedRedisListener;
import io.github.shardedpubsub.listener.ShardedRedisMessageListenerContainer;
import io.github.shardedpubsub.publisher.ShardMessage;
import io.github.shardedpubsub.publisher.ShardedPublisher;
import io.github.shardedpubsub.recovery.HistoryMessage;
import io.github.shardedpubsub.recovery.ListenerPosition;
import io.github.shardedpubsub.recovery.ShardPositionStore;
import io.github.shardedpubsub.recovery.StartPosition;
import io.github.shardedpubsub.recovery.StreamPosition;
import io.github.shardedpubsub.test.RedisCluster;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;
import org.springframework.data.redis.connection.Message;
import org.springframework.data.redis.connection.MessageListener;
import org.springframework.data.redis.connection.ReactiveSubscription;
import org.springframework.data.redis.listener.ChannelTopic;
import org.springframework.data.redis.serializer.RedisSerializationContext.SerializationPair;
import org.springframework.data.redis.serializer.RedisSerializer;
import org.springframework.messaging.handler.annotation.Header;
import reactor.core.publisher.Flux;

/** What docs/recovery.md says: its snippets, which are run here, and its example of an envelope. */
class RecoveryDocumentTests {

    private static final Path DOCUMENT = Path.of("../docs/recovery.md");

    @Configuration(proxyBeanMethods = false)
    static class Application {

        final List<String> orders = new CopyOnWriteArrayList<>();

        final List<String> shown = new CopyOnWriteArrayList<>();

        final List<String> audited = new CopyOnWriteArrayList<>();

        final List<String> lost = new CopyOnWriteArrayList<>();

        @ShardedRedisListener(topic = "orders:{eu}")
        void order(
                String order,
                @Header(ShardPubSubHeaders.RECOVERED) boolean recovered,
                @Header(name = ShardPubSubHeaders.POSITION, required = false) @Nullable StreamPosition position) {
            this.orders.add(order);
        }

        @ShardedRedisListener(topic = "orders:{eu}", start = "last:100")
        void shown(String order, @Header(ShardPubSubHeaders.RECOVERED) boolean recovered) {
            this.shown.add(order);
        }

        @ShardedRedisListener(topic = "audit:{eu}", recover = "true")
        void audited(String entry) {
            this.audited.add(entry);
        }

        @EventListener
        void lost(ShardHistoryLostEvent lost) {
            this.lost.add(lost.channel() + " " + lost.cause());
        }
    }

    /** Goes on where the one before it was. */
    @Configuration(proxyBeanMethods = false)
    static class Clerk {

        final List<String> taken = new CopyOnWriteArrayList<>();

        final List<ShardHistoryLostEvent> lost = new CopyOnWriteArrayList<>();

        @ShardedRedisListener(topic = "orders:{eu}", id = "clerk-${instance}", start = "stored:last:100")
        void taken(String order) {
            this.taken.add(order);
        }

        @EventListener
        void lost(ShardHistoryLostEvent lost) {
            this.lost.add(lost);
        }
    }

    /** Positions in a table of the application. */
    @Configuration(proxyBeanMethods = false)
    static class Table {

        static final Map<String, String> TABLE = new ConcurrentHashMap<>();

        @Bean
        Map<String, String> table() {
            return TABLE;
        }

        @Bean
        ShardPositionStore positions(Map<String, String> table) {
            return new ShardPositionStore() {

                @Override
                public CompletionStage<@Nullable ListenerPosition> load(String listener, String channel) {
                    String text = table.get(listener + " " + channel);
                    return CompletableFuture.completedFuture(text != null ? ListenerPosition.parse(text) : null);
                }

                @Override
                public CompletionStage<@Nullable Void> save(
                        String listener, String channel, ListenerPosition position) {
                    table.put(listener + " " + channel, position.toString());
                    return CompletableFuture.completedFuture(null);
                }
            };
        }
    }

    private static ApplicationContextRunner application(String... properties) {
        return new ApplicationContextRunner()
                .withConfiguration(AutoConfigurations.of(
                        DataRedisAutoConfiguration.class,
                        ShardedPubSubAutoConfiguration.class,
                        ShardedPubSubReactiveAutoConfiguration.class))
                .withPropertyValues("spring.data.redis.cluster.nodes=" + LiveCluster.nodes())
                .withPropertyValues(properties);
    }

    @BeforeEach
    void forget() {
        for (String key :
                List.of("sharded-pubsub:history:orders:{eu}", "sharded-pubsub:position:orders:{eu}:clerk-1")) {
            LiveCluster.get().owner(RedisCluster.slot(key)).command("DEL", key);
        }
        Table.TABLE.clear();
    }

    @Test
    @LiveTest
    void aListenerThatGoesOnInTheNextApplication() throws IOException {
        ShardedPubSubProperties.Recovery recovery =
                Snippets.bind(Snippets.of("yaml", DOCUMENT).get(1)).getRecovery();
        assertThat(recovery.getPositions()).isEqualTo(ShardedPubSubProperties.Recovery.Positions.REDIS);
        ApplicationContextRunner application = application(
                        "instance=1",
                        "sharded-pubsub.recovery.channels=" + String.join(",", recovery.getChannels()),
                        "sharded-pubsub.recovery.positions=redis")
                .withUserConfiguration(Clerk.class);
        goesOn(application);
        assertThat(LiveCluster.get()
                        .owner(RedisCluster.slot("orders:{eu}"))
                        .command("GET", "sharded-pubsub:position:orders:{eu}:clerk-1"))
                .contains("@");
    }

    @Test
    @LiveTest
    void aListenerThatGoesOnByAStoreOfTheApplications() {
        goesOn(application("instance=1", "sharded-pubsub.recovery.channels=orders:*")
                .withUserConfiguration(Clerk.class, Table.class));
        assertThat(Table.TABLE).containsOnlyKeys("clerk-1 orders:{eu}");
    }

    private static void goesOn(ApplicationContextRunner application) {
        ApplicationContextRunner publishing = application("sharded-pubsub.recovery.channels=orders:*");
        List<String> taken = new ArrayList<>();
        for (int round = 0; round < 3; round++) {
            String number = Integer.toString(round);
            application.run(context -> {
                Clerk clerk = context.getBean(Clerk.class);
                context.getBean(ShardedPublisher.class).publish("orders:{eu}", "live " + number);
                await().atMost(Duration.ofSeconds(20)).until(() -> clerk.taken.contains("live " + number));
                taken.addAll(clerk.taken);
                assertThat(clerk.lost).isEmpty();
            });
            publishing.run(
                    context -> context.getBean(ShardedPublisher.class).publish("orders:{eu}", "meanwhile " + number));
        }
        assertThat(taken).containsExactly("live 0", "meanwhile 0", "live 1", "meanwhile 1", "live 2");
    }

    @Test
    @LiveTest
    void positionsThatWouldBeForgottenTooSoonKeepTheApplicationFromStarting() {
        application("sharded-pubsub.recovery.position-expiry=47h")
                .run(context ->
                        assertThat(context).getFailure().rootCause().hasMessageContaining("two days or longer"));
    }

    @Test
    @LiveTest
    void whereListenersWithoutAnAnnotationBegin() {
        application("sharded-pubsub.recovery.channels=orders:*").run(context -> {
            ShardedPublisher publisher = context.getBean(ShardedPublisher.class);
            List<Message> all = new CopyOnWriteArrayList<>();
            List<Message> rest = new CopyOnWriteArrayList<>();
            ShardedRedisMessageListenerContainer container =
                    context.getBean(ShardedRedisMessageListenerContainer.class);
            ReactiveShardedRedisMessageListenerContainer reactive =
                    context.getBean(ReactiveShardedRedisMessageListenerContainer.class);
            publisher.publish("orders:{eu}", "tea");
            publisher.publish("orders:{eu}", "coffee");
            container.addMessageListener(
                    (message, pattern) -> all.add(message),
                    List.of(ChannelTopic.of("orders:{eu}")),
                    ListenerOptions.DEFAULTS.withStart(StartPosition.last(5)));
            await().until(() -> all.size() == 2);
            StreamPosition position = Objects.requireNonNull(((RecoverableMessage) all.get(0)).getPosition());
            MessageListener listener = (message, pattern) -> rest.add(message);

            container.addMessageListener(
                    listener,
                    List.of(ChannelTopic.of("orders:{eu}")),
                    ListenerOptions.DEFAULTS.withStart(StartPosition.after(position)));
            Flux<ReactiveSubscription.Message<String, String>> shown = reactive.receive(
                    List.of(ChannelTopic.of("orders:{eu}")),
                    SerializationPair.fromSerializer(RedisSerializer.string()),
                    SerializationPair.fromSerializer(RedisSerializer.string()),
                    ListenerOptions.DEFAULTS.withStart(StartPosition.since(Duration.ofMinutes(10))));

            await().untilAsserted(() -> assertThat(rest)
                    .extracting(each -> new String(each.getBody(), StandardCharsets.UTF_8))
                    .containsExactly("coffee"));
            assertThat(shown.map(ReactiveSubscription.Message::getMessage)
                            .take(2)
                            .collectList()
                            .block(Duration.ofSeconds(20)))
                    .containsExactly("tea", "coffee");
        });
    }

    @Test
    @LiveTest
    void anApplicationWithRecovery() throws IOException {
        String yaml = Snippets.of("yaml", DOCUMENT).get(0);
        List<String> channels = Snippets.bind(yaml).getRecovery().getChannels();
        assertThat(channels).containsExactly("orders:*", "courier:*");
        application("sharded-pubsub.recovery.channels=" + String.join(",", channels))
                .withUserConfiguration(Application.class)
                .run(context -> {
                    Application application = context.getBean(Application.class);
                    ShardedPublisher publisher = context.getBean(ShardedPublisher.class);
                    String key = "sharded-pubsub:history:orders:{eu}";
                    publisher.publish("orders:{eu}", "tea");
                    await().untilAsserted(() -> assertThat(application.orders).containsExactly("tea"));
                    publisher.publish("audit:{eu}", "opened");
                    await().untilAsserted(() -> assertThat(application.audited).containsExactly("opened"));
                    await().untilAsserted(() -> assertThat(application.shown).containsExactly("tea"));
                    LiveCluster.get().owner(RedisCluster.slot(key)).command("DEL", key);
                    publisher.publish("orders:{eu}", "coffee");
                    await().atMost(Duration.ofSeconds(20))
                            .untilAsserted(() -> assertThat(application.orders).containsExactly("tea", "coffee"));
                    await().untilAsserted(() ->
                            assertThat(application.lost).containsExactly("orders:{eu} DELETED", "orders:{eu} DELETED"));
                    publisher.publish(new ShardMessage("orders:{eu}", "on the house").withRecovery(false));
                    await().untilAsserted(() -> assertThat(application.orders).endsWith("on the house"));
                    assertThat(LiveCluster.get().owner(RedisCluster.slot(key)).command("XLEN", key))
                            .isEqualTo("1");
                });
    }

    @Test
    void theEnvelopeOfTheExample() throws IOException {
        String example = Snippets.of("text", DOCUMENT).get(1).strip();
        HistoryMessage message =
                HistoryMessage.open(HexFormat.ofDelimiter(" ").withUpperCase().parseHex(example));
        assertThat(new String(message.payload(), StandardCharsets.UTF_8)).isEqualTo("tea");
        assertThat(message.position()).hasToString("5f7053b90a1b2c3d/7-1");
    }
}
