package io.github.shardedpubsub.readme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.LiveCluster;
import io.github.shardedpubsub.LiveTest;
import io.github.shardedpubsub.actuate.ShardedPubSubHealthIndicator;
import io.github.shardedpubsub.autoconfigure.ShardedPubSubConfigurer;
import io.github.shardedpubsub.listener.ShardedRedisListener;
import io.github.shardedpubsub.listener.ShardedRedisMessageListenerContainer;
import io.github.shardedpubsub.publisher.ShardedPublisher;
import io.github.shardedpubsub.recovery.ShardHistory;
import io.github.shardedpubsub.recovery.ShardPositionStore;
import io.github.shardedpubsub.recovery.ShardRecovery;
import io.github.shardedpubsub.subscription.ChannelState;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import io.github.shardedpubsub.test.RedisCluster;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.data.redis.connection.RedisClusterConfiguration;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/** An application with two clusters, as the documents show it. */
@LiveTest
class SecondClusterTests {

    private static RedisCluster second;

    private static ConfigurableApplicationContext context;

    @Configuration(proxyBeanMethods = false)
    static class SecondCluster {

        @Bean(defaultCandidate = false)
        LettuceConnectionFactory second(@Value("${second.nodes}") List<String> nodes) {
            return new LettuceConnectionFactory(new RedisClusterConfiguration(nodes));
        }

        @Bean(defaultCandidate = false)
        ShardSubscriptions secondSubscriptions(
                ShardedPubSubConfigurer configurer, @Qualifier("second") RedisConnectionFactory second) {
            return configurer.subscriptions(second);
        }

        @Bean(defaultCandidate = false)
        ShardPositionStore secondPositions(
                ShardedPubSubConfigurer configurer, @Qualifier("second") RedisConnectionFactory second) {
            return configurer.positions(second);
        }

        @Bean(defaultCandidate = false)
        ShardRecovery secondRecovery(
                ShardedPubSubConfigurer configurer,
                @Qualifier("second") RedisConnectionFactory second,
                @Qualifier("secondSubscriptions") ShardSubscriptions subscriptions,
                @Qualifier("secondPositions") ShardPositionStore positions) {
            return configurer.recovery(second, subscriptions, positions);
        }

        @Bean(defaultCandidate = false)
        ShardHistory secondHistory(ShardedPubSubConfigurer configurer) {
            return configurer.history();
        }

        @Bean(defaultCandidate = false)
        ShardedRedisMessageListenerContainer secondContainer(
                ShardedPubSubConfigurer configurer,
                @Qualifier("second") RedisConnectionFactory second,
                @Qualifier("secondSubscriptions") ShardSubscriptions subscriptions,
                @Qualifier("secondRecovery") ShardRecovery recovery) {
            ShardedRedisMessageListenerContainer container = configurer.container(second, subscriptions);
            container.setRecovery(recovery);
            return container;
        }

        @Bean(defaultCandidate = false)
        ShardedPublisher secondPublisher(
                ShardedPubSubConfigurer configurer,
                @Qualifier("second") RedisConnectionFactory second,
                @Qualifier("secondHistory") ShardHistory history) {
            ShardedPublisher publisher = configurer.publisher(second);
            publisher.setHistory(history);
            return publisher;
        }
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    @Import(SecondCluster.class)
    static class Application {

        final List<String> first = new CopyOnWriteArrayList<>();

        final List<String> second = new CopyOnWriteArrayList<>();

        @ShardedRedisListener("orders:{eu}")
        void first(String order) {
            this.first.add(order);
        }

        @ShardedRedisListener(topic = "orders:{eu}", container = "secondContainer")
        void second(String order) {
            this.second.add(order);
        }
    }

    @BeforeAll
    static void start() {
        second = RedisCluster.start(1, 0);
        context = new SpringApplicationBuilder(Application.class)
                .web(WebApplicationType.NONE)
                .properties(
                        "spring.data.redis.cluster.nodes=" + LiveCluster.nodes(),
                        "second.nodes=" + String.join(",", second.addresses()),
                        "sharded-pubsub.recovery.channels=orders:*")
                .run();
    }

    @AfterAll
    static void stop() {
        context.close();
        second.close();
    }

    private static void publishes(String order) {
        assertThat(context.getBean(ShardedPublisher.class).publish("orders:{eu}", "first " + order))
                .isEqualTo(1);
        assertThat(context.getBean("secondPublisher", ShardedPublisher.class).publish("orders:{eu}", "second " + order))
                .isEqualTo(1);
    }

    @Test
    void eachClustersMessagesReachItsOwnListener() {
        Application application = context.getBean(Application.class);
        application.first.clear();
        application.second.clear();
        publishes("tea");
        await().untilAsserted(() -> {
            assertThat(application.first).containsExactly("first tea");
            assertThat(application.second).containsExactly("second tea");
        });
    }

    @Test
    void channelsRememberInBoth() {
        String key = "sharded-pubsub:history:orders:{eu}";
        second.owner(RedisCluster.slot(key)).command("DEL", key);
        assertThat(context.getBean("secondPublisher", ShardedPublisher.class).publish("orders:{eu}", "milk"))
                .isEqualTo(1);
        assertThat(second.owner(RedisCluster.slot(key)).command("XLEN", key)).isEqualTo("1");
        assertThat(context.getBean("secondRecovery", ShardRecovery.class).channels())
                .isEqualTo(1);
        assertThat(context.getBean(ShardRecovery.class).channels()).isEqualTo(1);
    }

    @Test
    void bothStopAndStartWithTheApplication() {
        ShardSubscriptions subscriptions = context.getBean("secondSubscriptions", ShardSubscriptions.class);
        context.stop();
        assertThat(subscriptions.counts().get(ChannelState.SUBSCRIBED)).isZero();
        context.start();
        assertThat(subscriptions.counts().get(ChannelState.SUBSCRIBED)).isEqualTo(1);
        publishes("coffee");
    }

    @Test
    void whatTheApplicationHasOfItsOwnIsForTheFirst() {
        ShardSubscriptions first = context.getBean(ShardSubscriptions.class);
        assertThat(first).isNotSameAs(context.getBean("secondSubscriptions"));
        assertThat(context.getBean(ShardedPubSubHealthIndicator.class))
                .extracting("subscriptions")
                .isSameAs(first);
    }
}
