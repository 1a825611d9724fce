package io.github.shardedpubsub.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.LiveCluster;
import io.github.shardedpubsub.StandaloneServer;
import io.github.shardedpubsub.actuate.ShardedPubSubEndpoint;
import io.github.shardedpubsub.actuate.ShardedPubSubHealthIndicator;
import io.github.shardedpubsub.listener.FakeShardSubscriptions;
import io.github.shardedpubsub.listener.ShardedRedisListener;
import io.github.shardedpubsub.pipe.FenceStatus;
import io.github.shardedpubsub.pipe.PubSubFence;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.codec.RedisCodec;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.protocol.ProtocolVersion;
import io.lettuce.core.pubsub.PubSubCommandHandler;
import io.lettuce.core.pubsub.PubSubEndpoint;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import io.lettuce.core.resource.NettyCustomizer;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.channel.Channel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.data.redis.autoconfigure.ClientResourcesBuilderCustomizer;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.data.redis.autoconfigure.LettuceClientConfigurationBuilderCustomizer;
import org.springframework.boot.data.redis.autoconfigure.LettuceClientOptionsBuilderCustomizer;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.data.redis.connection.MessageListener;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.data.redis.listener.ChannelTopic;
import org.springframework.data.redis.listener.PatternTopic;
import org.springframework.data.redis.listener.RedisMessageListenerContainer;

/** The fence in the connections of the client that Spring Boot makes. */
@ExtendWith(OutputCaptureExtension.class)
class ShardedPubSubLettuceAutoConfigurationTests {

    private static final StandaloneServer SERVER = new StandaloneServer();

    /** On a cluster that is there, with subscriptions that never ask it. */
    private final ApplicationContextRunner cluster = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    DataRedisAutoConfiguration.class,
                    ShardedPubSubAutoConfiguration.class,
                    ShardedPubSubLettuceAutoConfiguration.class))
            .withBean("subscriptions", FakeShardSubscriptions.class)
            .withPropertyValues("spring.data.redis.cluster.nodes=" + LiveCluster.nodes());

    private final ApplicationContextRunner standalone = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(
                    DataRedisAutoConfiguration.class,
                    ShardedPubSubAutoConfiguration.class,
                    ShardedPubSubLettuceAutoConfiguration.class))
            .withPropertyValues(
                    "spring.data.redis.host=127.0.0.1",
                    "spring.data.redis.port=" + SERVER.port(),
                    "sharded-pubsub.enabled=false",
                    "sharded-pubsub.lettuce.fence=true");

    @AfterAll
    static void stop() {
        SERVER.close();
    }

    private static StatefulRedisPubSubConnection<String, String> connectPubSub(AssertableApplicationContext context) {
        Object client = context.getBean(LettuceConnectionFactory.class).getRequiredNativeClient();
        return client instanceof RedisClusterClient cluster
                ? cluster.connectPubSub()
                : ((RedisClient) client).connectPubSub();
    }

    private static void assertFenced(AssertableApplicationContext context) {
        PubSubFence fence = context.getBean(PubSubFence.class);
        int before = fence.connections();
        try (var connection = connectPubSub(context)) {
            assertThat(connection.isOpen()).isTrue();
            assertThat(fence.connections()).isGreaterThan(before);
            assertThat(fence.status().state()).isEqualTo(FenceStatus.State.INSTALLED);
        }
    }

    @Test
    void aPubSubConnectionToAClusterIsFenced() {
        this.cluster.run(ShardedPubSubLettuceAutoConfigurationTests::assertFenced);
    }

    @Test
    void aPubSubConnectionToASingleServerIsFenced() {
        this.standalone.run(ShardedPubSubLettuceAutoConfigurationTests::assertFenced);
    }

    @Test
    void otherConnectionsAreNot() {
        this.cluster.run(context -> {
            StringRedisTemplate template = context.getBean(StringRedisTemplate.class);
            template.opsForValue().set("key", "value");
            assertThat(template.opsForValue().get("key")).isEqualTo("value");
            assertThat(context.getBean(PubSubFence.class).status())
                    .isEqualTo(new FenceStatus(FenceStatus.State.NOT_NEEDED_YET, 0, 0, null));
        });
    }

    @Test
    void canBeSwitchedOff() {
        this.cluster.withPropertyValues("sharded-pubsub.lettuce.fence=false").run(context -> {
            assertThat(context).hasNotFailed().doesNotHaveBean(PubSubFence.class);
            connectPubSub(context).close();
        });
    }

    @Test
    void backsOffForAFenceOfTheApplication() {
        PubSubFence own = new PubSubFence(channel -> 0);
        this.cluster.withBean("own", PubSubFence.class, () -> own).run(context -> {
            assertThat(context).getBean(PubSubFence.class).isSameAs(own);
            assertFenced(context);
        });
    }

    @Test
    void isSwitchedOffWithEverythingElse() {
        this.cluster
                .withPropertyValues("sharded-pubsub.enabled=false")
                .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(PubSubFence.class));
    }

    @Test
    void isNothingToAnApplicationWithoutLettuce() {
        this.cluster
                .withClassLoader(new FilteredClassLoader("io.lettuce.core"))
                .withPropertyValues("spring.data.redis.client-type=jedis", "sharded-pubsub.lettuce.fence=true")
                .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean(PubSubFence.class));
    }

    // ----- what the application has made for itself

    static class Seen implements NettyCustomizer {

        final List<Channel> channels = new CopyOnWriteArrayList<>();

        @Override
        public void afterChannelInitialized(Channel channel) {
            this.channels.add(channel);
        }
    }

    private static void assertFencedAndSeen(AssertableApplicationContext context) {
        Seen seen = context.getBean(Seen.class);
        assertFenced(context);
        assertThat(seen.channels).isNotEmpty();
    }

    @Configuration(proxyBeanMethods = false)
    static class OwnResources {

        @Bean
        Seen seen() {
            return new Seen();
        }

        @Bean(destroyMethod = "shutdown")
        ClientResources resources(Seen seen) {
            return DefaultClientResources.builder().nettyCustomizer(seen).build();
        }
    }

    @Test
    void theApplicationsOwnResourcesGoOnBeingUsed() {
        this.cluster.withUserConfiguration(OwnResources.class).run(context -> {
            assertFencedAndSeen(context);
            assertThat(context).hasSingleBean(ClientResources.class);
            ClientResources used = context.getBean(LettuceConnectionFactory.class)
                    .getClientConfiguration()
                    .getClientResources()
                    .orElseThrow();
            assertThat(used.eventLoopGroupProvider())
                    .isSameAs(context.getBean(ClientResources.class).eventLoopGroupProvider());
        });
    }

    @Configuration(proxyBeanMethods = false)
    static class OwnNettyCustomizer {

        @Bean
        Seen seen() {
            return new Seen();
        }

        @Bean
        ClientResourcesBuilderCustomizer customizer(Seen seen) {
            return resources -> resources.nettyCustomizer(seen);
        }
    }

    @Test
    void theApplicationsOwnNettyCustomizerIsCalled() {
        this.cluster
                .withUserConfiguration(OwnNettyCustomizer.class)
                .run(ShardedPubSubLettuceAutoConfigurationTests::assertFencedAndSeen);
    }

    @Configuration(proxyBeanMethods = false)
    static class OwnClientConfiguration {

        @Bean
        Seen seen() {
            return new Seen();
        }

        @Bean(destroyMethod = "shutdown", defaultCandidate = false)
        ClientResources otherResources(Seen seen) {
            return DefaultClientResources.builder().nettyCustomizer(seen).build();
        }

        @Bean
        LettuceClientConfigurationBuilderCustomizer customizer(
                @Qualifier("otherResources") ClientResources otherResources) {
            return client -> client.clientName("own").clientResources(otherResources);
        }
    }

    @Test
    void theApplicationsOwnClientConfigurationStands() {
        this.cluster.withUserConfiguration(OwnClientConfiguration.class).run(context -> {
            assertFencedAndSeen(context);
            assertThat(context.getBean(LettuceConnectionFactory.class)
                            .getClientConfiguration()
                            .getClientName())
                    .contains("own");
        });
    }

    /** A handler of somebody else's. */
    static class OtherHandler extends Seen {

        @Override
        public void afterChannelInitialized(Channel channel) {
            PubSubCommandHandler<?, ?> theirs = channel.pipeline().get(PubSubCommandHandler.class);
            if (theirs != null) {
                channel.pipeline().replace(theirs, "other", other(theirs));
            }
        }

        @SuppressWarnings("unchecked")
        private static <K, V> PubSubCommandHandler<K, V> other(PubSubCommandHandler<K, V> theirs) {
            PubSubEndpoint<K, V> endpoint = (PubSubEndpoint<K, V>) theirs.getEndpoint();
            return new PubSubCommandHandler<>(
                    ClientOptions.create(),
                    endpoint.getClientResources(),
                    (RedisCodec<K, V>) StringCodec.UTF8,
                    endpoint) {};
        }
    }

    @Test
    void whereItCannotBeInstalledTheConnectionStaysAsItIsAndThisIsSaidOnce(CapturedOutput output) {
        this.cluster
                .withBean(
                        ClientResourcesBuilderCustomizer.class,
                        () -> resources -> resources.nettyCustomizer(new OtherHandler()))
                .run(context -> {
                    connectPubSub(context).close();
                    connectPubSub(context).close();
                    FenceStatus status = context.getBean(PubSubFence.class).status();
                    assertThat(status.state()).isEqualTo(FenceStatus.State.UNAVAILABLE);
                    assertThat(status).asString().startsWith("unavailable (the pub/sub handler is a ");
                    assertThat(output.toString().split("could not be fenced", -1))
                            .hasSize(2);
                });
    }

    // ----- Spring Data's own listener container

    @Configuration(proxyBeanMethods = false)
    static class ListeningConfiguration {

        final List<String> received = new CopyOnWriteArrayList<>();

        @Bean
        RedisMessageListenerContainer redisMessageListenerContainer(RedisConnectionFactory factory) {
            RedisMessageListenerContainer container = new RedisMessageListenerContainer();
            container.setConnectionFactory(factory);
            container.addMessageListener(
                    (message, pattern) -> this.received.add(new String(message.getBody(), StandardCharsets.UTF_8)),
                    List.of(ChannelTopic.of("classic"), new PatternTopic("pattern.*")));
            return container;
        }
    }

    private static void assertListens(AssertableApplicationContext context) {
        assertThat(context).hasNotFailed();
        StringRedisTemplate template = context.getBean(StringRedisTemplate.class);
        List<String> received = context.getBean(ListeningConfiguration.class).received;
        RedisMessageListenerContainer container =
                context.getBean("redisMessageListenerContainer", RedisMessageListenerContainer.class);
        PubSubFence fence = context.getBean(PubSubFence.class);

        template.convertAndSend("classic", "one");
        template.convertAndSend("pattern.1", "two");
        await().untilAsserted(() -> assertThat(received).contains("one", "two"));
        assertThat(fence.connections()).isPositive();

        MessageListener late = (message, pattern) -> received.add("late");
        container.addMessageListener(late, ChannelTopic.of("late"));
        template.convertAndSend("late", "three");
        await().untilAsserted(() -> assertThat(received).contains("late"));
        container.removeMessageListener(late);
        container.stop();
        container.start();
        template.convertAndSend("classic", "four");
        await().untilAsserted(() -> assertThat(received).contains("four"));
        assertThat(fence.outOfStep()).isZero();
    }

    @ParameterizedTest
    @EnumSource
    void springDatasListenerContainerWorksOnASingleServer(ProtocolVersion protocol) {
        this.standalone
                .withUserConfiguration(ListeningConfiguration.class)
                .withBean(
                        LettuceClientOptionsBuilderCustomizer.class, () -> options -> options.protocolVersion(protocol))
                .run(ShardedPubSubLettuceAutoConfigurationTests::assertListens);
    }

    @Test
    void springDatasListenerContainerWorksOnACluster() {
        this.cluster
                .withUserConfiguration(ListeningConfiguration.class)
                .run(ShardedPubSubLettuceAutoConfigurationTests::assertListens);
    }

    // ----- a whole application

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {

        @Bean
        static SimpleMeterRegistry meterRegistry() {
            return new SimpleMeterRegistry();
        }

        @ShardedRedisListener("fence:application")
        void message(String message) {
            assertThat(message).isNotEmpty();
        }
    }

    @Test
    void operatorsSeeItAndOurOwnPipesAreNoPartOfIt() {
        new ApplicationContextRunner()
                .withUserConfiguration(Application.class)
                .withPropertyValues(
                        "spring.data.redis.cluster.nodes=" + LiveCluster.nodes(),
                        "management.endpoints.web.exposure.include=shardedpubsub",
                        "management.endpoints.jmx.exposure.include=")
                .run(context -> {
                    assertThat(context.getBean(ShardSubscriptions.class).nodes())
                            .isNotEmpty();
                    assertThat(fence(context)).isEqualTo("not-needed-yet");
                    try (var connection = connectPubSub(context)) {
                        assertThat(connection.isOpen()).isTrue();
                        assertThat(fence(context)).isEqualTo("installed");
                        assertThat(context.getBean(ShardedPubSubHealthIndicator.class)
                                        .health()
                                        .getDetails()
                                        .get("lettuce"))
                                .hasToString("{fence=installed}");
                        MeterRegistry registry = context.getBean(MeterRegistry.class);
                        assertThat(registry.get("sharded.pubsub.lettuce.connections")
                                        .gauge()
                                        .value())
                                .isEqualTo(1);
                        assertThat(registry.get("sharded.pubsub.lettuce.out.of.step")
                                        .functionCounter()
                                        .count())
                                .isZero();
                    }
                });
    }

    private static String fence(AssertableApplicationContext context) {
        return context.getBean(ShardedPubSubEndpoint.class)
                .subscriptions(null, null, null, null, null)
                .lettuce()
                .fence();
    }
}
