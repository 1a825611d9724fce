package io.github.shardedpubsub.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.mockito.Mockito.mock;

import io.github.shardedpubsub.listener.FakeShardSubscriptions;
import io.github.shardedpubsub.listener.ShardedRedisListener;
import io.lettuce.core.protocol.ProtocolVersion;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.data.redis.autoconfigure.LettuceClientOptionsBuilderCustomizer;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.connection.lettuce.LettuceConnectionFactory;

/** What people read whose application cannot start as it is configured: what was seen, and what to do. */
@ExtendWith(OutputCaptureExtension.class)
class StartFailureTextTests {

    private CapturedOutput output;

    @BeforeEach
    void read(CapturedOutput output) {
        this.output = output;
    }

    @TestConfiguration(proxyBeanMethods = false)
    @ImportAutoConfiguration({DataRedisAutoConfiguration.class, ShardedPubSubAutoConfiguration.class})
    static class Application {}

    private void startsNot(Class<?> more, String... properties) {
        Throwable failure = catchThrowable(() -> new SpringApplicationBuilder(Application.class, more)
                .web(WebApplicationType.NONE)
                .properties("spring.data.redis.cluster.nodes=127.0.0.1:1")
                .properties(properties)
                .run()
                .close());
        assertThat(failure).isNotNull();
        assertThat(this.output).contains("APPLICATION FAILED TO START", "Description:", "Action:");
        assertThat(text()).doesNotContain("\tat ");
    }

    /** What stands behind the banner of the analysis. */
    private String text() {
        String all = this.output.getAll();
        return all.substring(all.indexOf("APPLICATION FAILED TO START"));
    }

    private String description() {
        return text().substring(text().indexOf("Description:"), text().indexOf("Action:"));
    }

    private String action() {
        return text().substring(text().indexOf("Action:"));
    }

    @Test
    void aPropertyThatCannotBe() {
        startsNot(Application.class, "sharded-pubsub.listener.queue-capacity=0");
        assertThat(description())
                .contains("sharded-pubsub.listener.queue-capacity", "Value: \"0\"", "It has to be at least 1");
        assertThat(action()).contains("Update your application's configuration");
    }

    @Test
    void aHistoryThatWouldBeGoneAtOnce() {
        startsNot(Application.class, "sharded-pubsub.recovery.history-expiry=1s");
        assertThat(description())
                .contains(
                        "sharded-pubsub.recovery.history-expiry", "Value: \"1s\"", "It has to be 2 seconds or longer");
    }

    @Test
    void aChannelThatCanHaveNoHistory() {
        startsNot(NoHistory.class, "sharded-pubsub.recovery.channels=*");
        assertThat(description()).contains("'}orders' can have no history", "it has no hash tag and cannot be one");
        assertThat(action()).contains("'orders:{eu}'", "'sharded-pubsub.recovery.channels'");
    }

    @TestConfiguration(proxyBeanMethods = false)
    static class NoHistory {

        @ShardedRedisListener("}orders")
        void order(String order) {}
    }

    @Test
    void aPropertyThatIsNoValueOfItsKind() {
        startsNot(Application.class, "sharded-pubsub.listener.overflow=drop-all");
        assertThat(description()).contains("sharded-pubsub.listener.overflow", "drop-all");
        assertThat(action()).contains("DROP_OLDEST", "DROP_NEWEST", "BLOCK");
    }

    @Test
    void aSingleServer() {
        startsNot(Single.class);
        assertThat(description())
                .contains("Sharded pub/sub cannot be used", "a single server (localhost:6379)", "Redis Cluster");
        assertThat(action()).contains("spring.data.redis.cluster.nodes", "sharded-pubsub.enabled=false");
    }

    @TestConfiguration(proxyBeanMethods = false)
    static class Single {

        @Bean
        RedisConnectionFactory connectionFactory() {
            return new LettuceConnectionFactory();
        }
    }

    @Test
    void anotherClient() {
        startsNot(OtherClient.class);
        assertThat(description()).contains("only Lettuce is supported");
        assertThat(action()).contains("spring.data.redis.client-type=jedis");
    }

    @TestConfiguration(proxyBeanMethods = false)
    static class OtherClient {

        @Bean
        RedisConnectionFactory connectionFactory() {
            return mock(RedisConnectionFactory.class);
        }
    }

    @Test
    void theProtocolOfBefore() {
        startsNot(Resp2.class);
        assertThat(description()).contains("RESP2");
        assertThat(action()).contains("Remove 'protocolVersion(ProtocolVersion.RESP2)'");
    }

    @TestConfiguration(proxyBeanMethods = false)
    static class Resp2 {

        @Bean
        LettuceClientOptionsBuilderCustomizer resp2() {
            return options -> options.protocolVersion(ProtocolVersion.RESP2);
        }
    }

    @Test
    void aPattern() {
        startsNot(Wildcard.class);
        assertThat(description()).contains("'orders:*'");
        assertThat(action()).contains("Name each channel exactly", "@RedisListener");
    }

    @TestConfiguration(proxyBeanMethods = false)
    static class Wildcard {

        @ShardedRedisListener("orders:*")
        void order(String order) {}
    }

    @Test
    void aMissingPermission() {
        startsNot(NotPermitted.class);
        assertThat(description()).contains("'orders'", "127.0.0.1:7000", "NOPERM");
        assertThat(action()).contains("+ssubscribe +sunsubscribe +ping &orders");
    }

    @TestConfiguration(proxyBeanMethods = false)
    static class NotPermitted {

        @Bean
        FakeShardSubscriptions subscriptions() {
            FakeShardSubscriptions subscriptions = new FakeShardSubscriptions();
            subscriptions.refuse("orders");
            return subscriptions;
        }

        @ShardedRedisListener("orders")
        void order(String order) {}
    }

    @Test
    void channelsThatNobodyConfirms() {
        startsNot(Silent.class, "sharded-pubsub.subscription-timeout=50ms");
        assertThat(description()).contains("1 of 1", "'orders'", "CLUSTERDOWN Hash slot not served");
        assertThat(action())
                .contains("CLUSTER INFO", "sharded-pubsub.subscription-timeout", "fail-on-start-timeout=false");
    }

    @TestConfiguration(proxyBeanMethods = false)
    static class Silent {

        @Bean
        FakeShardSubscriptions subscriptions() {
            FakeShardSubscriptions subscriptions = new FakeShardSubscriptions();
            subscriptions.silence("orders");
            return subscriptions;
        }

        @ShardedRedisListener("orders")
        void order(String order) {}
    }
}
