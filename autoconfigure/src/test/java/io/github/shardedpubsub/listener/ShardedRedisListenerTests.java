package io.github.shardedpubsub.listener;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;
import static org.awaitility.Awaitility.await;
import static org.mockito.Mockito.mock;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.MapPropertySource;
import org.springframework.data.redis.annotation.EnableRedisListeners;
import org.springframework.data.redis.annotation.RedisListener;
import org.springframework.data.redis.config.RedisListenerConfigUtils;
import org.springframework.data.redis.config.RedisListenerEndpointRegistry;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.listener.ChannelTopic;
import org.springframework.data.redis.listener.support.PubSubHeaders;
import org.springframework.messaging.Message;
import org.springframework.messaging.handler.annotation.Header;
import org.springframework.messaging.handler.annotation.Payload;

class ShardedRedisListenerTests {

    private final FakeShardSubscriptions subscriptions = new FakeShardSubscriptions();

    private final AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext();

    private final List<Object> received = new CopyOnWriteArrayList<>();

    @AfterEach
    void close() {
        this.context.close();
    }

    private void start(Object listeners) {
        this.context
                .getEnvironment()
                .getPropertySources()
                .addFirst(new MapPropertySource("test", Map.of("orders.channel", "orders:{eu}")));
        this.context.registerBean("region", String.class, () -> "{us}");
        this.context.registerBean("subscriptions", FakeShardSubscriptions.class, () -> this.subscriptions);
        this.context.registerBean("listeners", Object.class, () -> listeners);
        this.context.register(Listening.class);
        this.context.refresh();
    }

    @Configuration(proxyBeanMethods = false)
    @EnableRedisListeners
    static class Listening {

        @Bean
        ShardedRedisMessageListenerContainer shardedRedisMessageListenerContainer(
                FakeShardSubscriptions subscriptions) {
            ShardedRedisMessageListenerContainer container = new ShardedRedisMessageListenerContainer(subscriptions);
            container.setConnectionFactory(mock(RedisConnectionFactory.class));
            return container;
        }
    }

    private void awaitReceived(Object... expected) {
        await().untilAsserted(() -> assertThat(this.received).containsExactly(expected));
    }

    record Order(String item, int count) {}

    @Test
    void receivesText() {
        start(new Object() {
            @ShardedRedisListener("orders")
            void order(String order) {
                ShardedRedisListenerTests.this.received.add(order);
            }
        });
        this.subscriptions.message("orders", "grün");
        awaitReceived("grün");
    }

    @Test
    void resolvesPlaceholders() {
        start(new Object() {
            @ShardedRedisListener(topic = "${orders.channel}")
            void order(String order) {
                ShardedRedisListenerTests.this.received.add(order);
            }
        });
        assertThat(this.subscriptions.claimed()).containsExactly("orders:{eu}");
    }

    @Test
    void evaluatesExpressions() {
        start(new Object() {
            @ShardedRedisListener("#{'orders:' + @region}")
            void order(String order) {
                ShardedRedisListenerTests.this.received.add(order);
            }
        });
        assertThat(this.subscriptions.claimed()).containsExactly("orders:{us}");
    }

    @Test
    void convertsJsonToThePayloadType() {
        start(new Object() {
            @ShardedRedisListener("orders")
            void order(@Payload Order order) {
                ShardedRedisListenerTests.this.received.add(order);
            }
        });
        this.subscriptions.message("orders", "{\"item\":\"tea\",\"count\":2}");
        awaitReceived(new Order("tea", 2));
    }

    @Test
    void convertsToWhatIsSaidToBeConsumed() {
        start(new Object() {
            @ShardedRedisListener(topic = "orders", consumes = "application/json")
            void order(Map<String, Object> order) {
                ShardedRedisListenerTests.this.received.add(order);
            }
        });
        this.subscriptions.message("orders", "{\"item\":\"tea\"}");
        awaitReceived(Map.of("item", "tea"));
    }

    @Test
    void givesBytesAsTheyAre() {
        start(new Object() {
            @ShardedRedisListener("orders")
            void order(byte[] order) {
                ShardedRedisListenerTests.this.received.add(order.length);
            }
        });
        this.subscriptions.message("orders", "grün");
        awaitReceived(5);
    }

    @Test
    void givesTheChannelAsAHeader() {
        start(new Object() {
            @ShardedRedisListener("orders")
            void order(@Payload String order, @Header(PubSubHeaders.CHANNEL) ChannelTopic channel) {
                ShardedRedisListenerTests.this.received.add(channel.getTopic() + "=" + order);
            }
        });
        this.subscriptions.message("orders", "tea");
        awaitReceived("orders=tea");
    }

    @Test
    void givesTheWholeMessage() {
        start(new Object() {
            @ShardedRedisListener("orders")
            void order(Message<String> message) {
                ShardedRedisListenerTests.this.received.add(message.getPayload());
                ShardedRedisListenerTests.this.received.add(message.getHeaders().get(PubSubHeaders.CHANNEL));
            }
        });
        this.subscriptions.message("orders", "tea");
        awaitReceived("tea", ChannelTopic.of("orders"));
    }

    @Test
    void isSpringDatasAnnotationWithTheContainerNamed() {
        start(new Object() {
            @RedisListener(topic = "orders:{eu}", container = "shardedRedisMessageListenerContainer")
            void order(String order) {
                ShardedRedisListenerTests.this.received.add(order);
            }
        });
        this.subscriptions.message("orders:{eu}", "tea");
        awaitReceived("tea");
    }

    @Test
    void goesOnAfterAMethodThatThrows() {
        start(new Object() {
            @ShardedRedisListener("orders")
            void order(String order) {
                ShardedRedisListenerTests.this.received.add(order);
                throw new IllegalStateException("listener");
            }
        });
        this.subscriptions.message("orders", "1");
        this.subscriptions.message("orders", "2");
        awaitReceived("1", "2");
    }

    @Test
    void registersUnderItsId() {
        start(new Object() {
            @ShardedRedisListener(topic = "orders", id = "the-orders")
            void order(String order) {}
        });
        RedisListenerEndpointRegistry registry = this.context.getBean(
                RedisListenerConfigUtils.REDIS_LISTENER_ENDPOINT_REGISTRY_BEAN_NAME,
                RedisListenerEndpointRegistry.class);
        assertThat(registry.getEndpoints())
                .singleElement()
                .satisfies(endpoint -> assertThat(endpoint.getId()).isEqualTo("the-orders"));
    }

    @Test
    void keepsTheApplicationFromStartingWithAPattern() {
        assertThatException()
                .isThrownBy(() -> start(new Object() {
                    @ShardedRedisListener("orders:*")
                    void order(String order) {}
                }))
                .havingRootCause()
                .isInstanceOf(ShardChannelPatternException.class)
                .withMessageContaining("'orders:*' is a pattern");
        assertThat(this.subscriptions.claimed()).isEmpty();
    }

    @Test
    void endsWithTheApplication() {
        start(new Object() {
            @ShardedRedisListener("orders")
            void order(String order) {}
        });
        this.context.close();
        assertThat(this.subscriptions.claimed()).isEmpty();
    }

    @Test
    void stopsAndStartsWithTheApplication() {
        start(new Object() {
            @ShardedRedisListener("orders")
            void order(String order) {
                ShardedRedisListenerTests.this.received.add(order);
            }
        });
        this.context.stop();
        assertThat(this.subscriptions.claimed()).isEmpty();
        this.context.start();
        assertThat(this.subscriptions.claimed()).containsExactly("orders");
        this.subscriptions.message("orders", "tea");
        awaitReceived("tea");
    }
}
