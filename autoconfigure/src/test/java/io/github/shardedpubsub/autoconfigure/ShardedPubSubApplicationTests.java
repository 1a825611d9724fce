package io.github.shardedpubsub.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.LiveCluster;
import io.github.shardedpubsub.listener.ShardSubscriptionTimeoutException;
import io.github.shardedpubsub.listener.ShardedRedisListener;
import io.github.shardedpubsub.listener.ShardedRedisMessageListenerContainer;
import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.publisher.ShardedPublisher;
import io.github.shardedpubsub.subscription.ChannelState;
import io.github.shardedpubsub.subscription.ChannelStatus;
import io.github.shardedpubsub.subscription.ShardSubscriptionRefusedException;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ApplicationContextException;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.data.redis.connection.MessageListener;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.data.redis.listener.ChannelTopic;
import org.springframework.data.redis.listener.adapter.RedisListenerExecutionFailedException;
import org.springframework.data.redis.listener.support.PubSubHeaders;
import org.springframework.messaging.handler.annotation.Header;

/** A whole application on real servers. */
class ShardedPubSubApplicationTests {

    private static ConfigurableApplicationContext context;

    private static ShardedPublisher publisher;

    private static ShardedRedisMessageListenerContainer container;

    @BeforeAll
    static void start() {
        context = start(Application.class);
        publisher = context.getBean(ShardedPublisher.class);
        container = context.getBean(ShardedRedisMessageListenerContainer.class);
    }

    private static ConfigurableApplicationContext start(Class<?> application, String... properties) {
        return new SpringApplicationBuilder(application)
                .web(WebApplicationType.NONE)
                .properties(
                        "spring.data.redis.cluster.nodes=" + LiveCluster.nodes(),
                        "region=eu",
                        "spring.main.banner-mode=off")
                .properties(properties)
                .run();
    }

    @AfterAll
    static void stop() {
        context.close();
    }

    record Order(String item, int count) {}

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {

        final List<Object> received = new CopyOnWriteArrayList<>();

        @ShardedRedisListener("app-orders:{${region}}")
        void order(Order order, @Header(PubSubHeaders.CHANNEL) ChannelTopic channel) {
            this.received.add(channel.getTopic() + "=" + order);
        }

        @ShardedRedisListener("app-text")
        void text(String text) {
            this.received.add(text);
        }
    }

    @BeforeEach
    void forget() {
        received().clear();
    }

    private static List<Object> received() {
        return context.getBean(Application.class).received;
    }

    private static void awaitConfirmed(String channel) {
        await().until(() -> context.getBean(ShardSubscriptions.class)
                .channel(ChannelName.of(channel))
                .map(ChannelStatus::state)
                .filter(ChannelState.SUBSCRIBED::equals)
                .isPresent());
    }

    @Test
    void deliversWhatIsPublished() {
        assertThat(publisher.publish("app-orders:{eu}", new Order("tea", 2))).isEqualTo(1);
        await().untilAsserted(() -> assertThat(received()).containsExactly("app-orders:{eu}=Order[item=tea, count=2]"));
    }

    @Test
    void deliversInOrder() {
        IntStream.range(0, 2000).forEach(i -> publisher.publishAsync("app-text", String.valueOf(i)));
        await().untilAsserted(() -> assertThat(received())
                .containsExactlyElementsOf(
                        IntStream.range(0, 2000).mapToObj(String::valueOf).toList()));
    }

    @Test
    void followsASlotThatMoves() {
        LiveCluster.moveSlotOf("app-text");
        awaitConfirmed("app-text");
        assertThat(publisher.publish("app-text", "after")).isEqualTo(1);
        await().untilAsserted(() -> assertThat(received()).containsExactly("after"));
    }

    @Test
    void addsAndRemovesListenersAtRunTime() {
        List<String> added = new CopyOnWriteArrayList<>();
        MessageListener listener = (message, pattern) -> added.add(new String(message.getBody()));
        container.addMessageListener(listener, ChannelTopic.of("app-added"));
        assertThat(publisher.publish("app-added", "1")).isEqualTo(1);
        await().untilAsserted(() -> assertThat(added).containsExactly("1"));
        container.removeMessageListener(listener);
        await().until(() -> publisher.publish("app-added", "2") == 0);
        assertThat(added).containsExactly("1");
    }

    @Test
    void leavesClassicPubSubAlone() {
        context.getBean(StringRedisTemplate.class).convertAndSend("app-text", "classic");
        assertThat(publisher.publish("app-text", "sharded")).isEqualTo(1);
        await().untilAsserted(() -> assertThat(received()).containsExactly("sharded"));
    }

    @Test
    void stopsAndStartsAgainWithItsConnectionFactory() {
        ConfigurableApplicationContext other = start(Application.class);
        try {
            other.getBean(ShardedPublisher.class).publish("app-text", "before");
            other.stop();
            other.start();
            List<Object> received = other.getBean(Application.class).received;
            received.clear();
            assertThat(other.getBean(ShardedPublisher.class).publish("app-text", "after"))
                    .isEqualTo(2);
            await().untilAsserted(() -> assertThat(received).containsExactly("after"));
        } finally {
            other.close();
        }
    }

    @Test
    void leavesNoSubscriptionBehindWhenItEnds() {
        ConfigurableApplicationContext other = start(Application.class);
        assertThat(publisher.publish("app-text", "two")).isEqualTo(2);
        other.close();
        await().until(() -> publisher.publish("app-text", "one") == 1);
    }

    @Test
    void failsToStartWhenAChannelIsRefused() {
        LiveCluster.get()
                .nodes()
                .forEach(node -> node.command(
                        "ACL", "SETUSER", "elsewhere", "on", ">secret", "+@all", "~*", "resetchannels", "&other-*"));
        assertThatExceptionOfType(ApplicationContextException.class)
                .isThrownBy(() -> start(
                        Application.class, "spring.data.redis.username=elsewhere", "spring.data.redis.password=secret"))
                .havingCause()
                .isInstanceOf(RedisListenerExecutionFailedException.class)
                .havingCause()
                .isInstanceOf(ShardSubscriptionRefusedException.class)
                .withMessageContaining("NOPERM");
    }

    @Test
    void failsToStartWhenTheClusterDoesNotAnswer() {
        assertThatExceptionOfType(ApplicationContextException.class)
                .isThrownBy(() -> start(
                        Application.class,
                        "spring.data.redis.cluster.nodes=127.0.0.1:1",
                        "sharded-pubsub.subscription-timeout=300ms"))
                .withCauseInstanceOf(ShardSubscriptionTimeoutException.class);
    }

    @Test
    void startsAllTheSameWhenTheClusterDoesNotAnswerIfThatIsWanted() {
        ConfigurableApplicationContext other = start(
                Application.class,
                "spring.data.redis.cluster.nodes=127.0.0.1:1",
                "sharded-pubsub.subscription-timeout=300ms",
                "sharded-pubsub.listener.fail-on-start-timeout=false");
        try {
            assertThat(other.getBean(ShardSubscriptions.class).unconfirmed(10)).hasSize(2);
        } finally {
            other.close();
        }
    }
}
