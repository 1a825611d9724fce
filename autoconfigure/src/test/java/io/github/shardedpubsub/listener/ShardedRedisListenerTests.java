package io.github.shardedpubsub.listener;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;
import static org.mockito.Mockito.mock;

import io.lettuce.core.cluster.SlotHash;
import java.io.IOException;
import java.lang.annotation.Repeatable;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.aopalliance.intercept.MethodInterceptor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.aop.framework.autoproxy.BeanNameAutoProxyCreator;
import org.springframework.aop.support.AopUtils;
import org.springframework.beans.factory.ObjectFactory;
import org.springframework.beans.factory.config.Scope;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.support.PropertySourcesPlaceholderConfigurer;
import org.springframework.core.annotation.AliasFor;
import org.springframework.core.env.MapPropertySource;
import org.springframework.data.redis.annotation.EnableRedisListeners;
import org.springframework.data.redis.annotation.RedisListener;
import org.springframework.data.redis.connection.RedisConnectionFactory;
import org.springframework.data.redis.listener.ChannelTopic;
import org.springframework.data.redis.listener.adapter.RedisListenerExecutionFailedException;
import org.springframework.data.redis.listener.support.PubSubHeaders;
import org.springframework.messaging.Message;
import org.springframework.messaging.handler.annotation.Header;
import org.springframework.messaging.handler.annotation.Payload;
import org.springframework.messaging.handler.annotation.support.MethodArgumentNotValidException;
import org.springframework.util.ErrorHandler;
import org.springframework.validation.Validator;
import org.springframework.validation.annotation.Validated;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.json.JsonMapper;

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
                .addFirst(new MapPropertySource(
                        "test",
                        Map.of(
                                "orders.channel", "orders:{eu}",
                                "regions[0]", "${orders.channel}",
                                "regions[1]", "orders:{asia}")));
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
        static ShardedRedisListenerAnnotationBeanPostProcessor processor() {
            return new ShardedRedisListenerAnnotationBeanPostProcessor();
        }

        /** As Spring Boot has one, so that a placeholder that is nothing fails. */
        @Bean
        static PropertySourcesPlaceholderConfigurer placeholders() {
            return new PropertySourcesPlaceholderConfigurer();
        }

        @Bean
        ShardedRedisListenerRegistry registry() {
            return new ShardedRedisListenerRegistry();
        }

        @Bean
        ErrorHandler collecting() {
            return new Collecting();
        }

        @Bean
        Validator orderValidator() {
            return Validator.forType(Order.class, (order, errors) -> {
                if (order.count() < 1) {
                    errors.rejectValue("count", "positive", "must be positive");
                }
            });
        }

        @Bean
        ShardedRedisMessageListenerContainer shardedRedisMessageListenerContainer(
                FakeShardSubscriptions subscriptions, ErrorHandler errorHandler) {
            ShardedRedisMessageListenerContainer container = new ShardedRedisMessageListenerContainer(subscriptions);
            container.setConnectionFactory(mock(RedisConnectionFactory.class));
            container.setErrorHandler(errorHandler);
            return container;
        }
    }

    private void awaitReceived(Object... expected) {
        await().untilAsserted(() -> assertThat(this.received).containsExactly(expected));
    }

    record Order(String item, int count) {}

    static final class Collecting implements ErrorHandler {

        private final List<Throwable> errors = new CopyOnWriteArrayList<>();

        @Override
        public void handleError(Throwable error) {
            this.errors.add(error);
        }
    }

    private List<Throwable> errors() {
        return this.context.getBean(Collecting.class).errors;
    }

    private ShardedListenerEndpoint endpoint(String id) {
        return this.context.getBean(ShardedRedisListenerRegistry.class).getListener(id);
    }

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
    void takesAPlaceholderForTheListThatYamlMakesOfIt() {
        start(new Object() {
            @ShardedRedisListener({"${regions}", "${none:}"})
            void order(String order) {}
        });
        assertThat(this.subscriptions.claimed()).containsExactly("orders:{asia}", "orders:{eu}");
    }

    @Test
    void aPlaceholderThatIsNothingKeepsTheApplicationFromStarting() {
        assertThatException()
                .isThrownBy(() -> start(new Object() {
                    @ShardedRedisListener("${unknown}")
                    void order(String order) {}
                }))
                .withMessageContaining("Could not resolve placeholder 'unknown'");
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
    void springDatasOwnAnnotationCanNameTheContainer() {
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
    void isFoundByItsId() {
        start(new Object() {
            @ShardedRedisListener(topic = "orders", id = "the-${orders.channel}")
            void order(String order) {}

            @ShardedRedisListener("others")
            void other(String other) {}
        });
        ShardedRedisListenerRegistry registry = this.context.getBean(ShardedRedisListenerRegistry.class);
        assertThat(registry.getListener("the-orders:{eu}").getChannels()).containsExactly("orders");
        assertThat(registry.getListeners()).hasSize(2);
        assertThat(registry.findListener("nobody")).isEmpty();
        assertThatExceptionOfType(IllegalArgumentException.class)
                .isThrownBy(() -> registry.getListener("nobody"))
                .withMessageContaining("'nobody'")
                .withMessageContaining("the-orders:{eu}");
    }

    @Test
    void twoOfOneIdKeepTheApplicationFromStarting() {
        assertThatException()
                .isThrownBy(() -> start(new Object() {
                    @ShardedRedisListener(topic = "a", id = "same")
                    void one(String order) {}

                    @ShardedRedisListener(topic = "b", id = "same")
                    void two(String order) {}
                }))
                .withMessageContaining("Two sharded listeners have the id 'same'");
    }

    @Test
    void listensToSeveralChannels() {
        start(new Object() {
            @ShardedRedisListener({"a", "${orders.channel}", "#{{'b', 'c'}}", "#{'d,e'.split(',')}"})
            void order(String order, @Header(PubSubHeaders.CHANNEL) ChannelTopic channel) {
                ShardedRedisListenerTests.this.received.add(channel.getTopic() + "=" + order);
            }
        });
        assertThat(this.subscriptions.claimed()).containsExactly("a", "b", "c", "d", "e", "orders:{eu}");
        this.subscriptions.message("c", "tea");
        awaitReceived("c=tea");
    }

    @Test
    void namesAtLeastOneChannel() {
        assertThatException()
                .isThrownBy(() -> start(new Object() {
                    @ShardedRedisListener("#{{}}")
                    void order(String order) {}
                }))
                .withMessageContaining("names no channel");
    }

    @Test
    void isRepeatedOnOneMethod() {
        start(new Object() {
            @ShardedRedisListener(topic = "a", id = "first")
            @ShardedRedisListener(topic = "b", id = "second")
            void order(String order) {
                ShardedRedisListenerTests.this.received.add(order);
            }
        });
        this.subscriptions.message("a", "1");
        awaitReceived("1");
        endpoint("first").stop();
        assertThat(this.subscriptions.claimed()).containsExactly("b");
        this.subscriptions.message("b", "2");
        awaitReceived("1", "2");
    }

    @Retention(RetentionPolicy.RUNTIME)
    @ShardedRedisListener(consumes = "application/json", concurrency = "2")
    @Repeatable(JsonListeners.class)
    @interface JsonListener {

        @AliasFor(annotation = ShardedRedisListener.class)
        String[] topic();
    }

    @Retention(RetentionPolicy.RUNTIME)
    @interface JsonListeners {

        JsonListener[] value();
    }

    @Test
    void isUsedInAnnotationsOfTheApplicationWhichMayBeRepeated() {
        start(new Object() {
            @JsonListener(topic = "a")
            @JsonListener(topic = {"b", "c"})
            void order(Map<String, Object> order) {
                ShardedRedisListenerTests.this.received.add(order);
            }

            @JsonListener(topic = "d")
            void other(Map<String, Object> order) {}
        });
        assertThat(this.subscriptions.claimed()).containsExactly("a", "b", "c", "d");
        this.subscriptions.message("c", "{\"item\":\"tea\"}");
        awaitReceived(Map.of("item", "tea"));
    }

    @Test
    void validatesPayloads() {
        start(new Object() {
            @ShardedRedisListener("orders")
            void order(@Validated @Payload Order order) {
                ShardedRedisListenerTests.this.received.add(order);
            }
        });
        this.subscriptions.message("orders", "{\"item\":\"nothing\",\"count\":0}");
        this.subscriptions.message("orders", "{\"item\":\"tea\",\"count\":1}");
        awaitReceived(new Order("tea", 1));
        assertThat(errors())
                .singleElement()
                .satisfies(error -> assertThat(error)
                        .isInstanceOf(RedisListenerExecutionFailedException.class)
                        .hasMessageContaining("'orders'")
                        .hasCauseInstanceOf(MethodArgumentNotValidException.class));
    }

    @Test
    void convertsToGenericPayloads() {
        start(new Object() {
            @ShardedRedisListener(topic = "orders", consumes = "application/json")
            void orders(List<Order> orders) {
                ShardedRedisListenerTests.this.received.addAll(orders);
            }
        });
        this.subscriptions.message("orders", "[{\"item\":\"tea\",\"count\":1},{\"item\":\"milk\",\"count\":2}]");
        awaitReceived(new Order("tea", 1), new Order("milk", 2));
    }

    @Test
    void readsJsonWithTheApplicationsMapper() {
        this.context.registerBean(
                JsonMapper.class,
                () -> JsonMapper.builder()
                        .propertyNamingStrategy(PropertyNamingStrategies.UPPER_CAMEL_CASE)
                        .build());
        start(new Object() {
            @ShardedRedisListener("orders")
            void order(Order order) {
                ShardedRedisListenerTests.this.received.add(order);
            }
        });
        this.subscriptions.message("orders", "{\"Item\":\"tea\",\"Count\":2}");
        awaitReceived(new Order("tea", 2));
    }

    @Test
    void givesTheSlotAsAHeader() {
        start(new Object() {
            @ShardedRedisListener("orders")
            void order(String order, @Header(ShardPubSubHeaders.SLOT) int slot) {
                ShardedRedisListenerTests.this.received.add(slot);
            }
        });
        this.subscriptions.message("orders", "tea");
        awaitReceived(SlotHash.getSlot("orders"));
    }

    @Test
    void handsWhatItThrowsToItsErrorHandler() {
        start(new Object() {
            @ShardedRedisListener(topic = "orders", errorHandler = "collecting")
            void order(String order) throws Exception {
                ShardedRedisListenerTests.this.received.add(order);
                throw new IOException(order);
            }
        });
        this.subscriptions.message("orders", "1");
        this.subscriptions.message("orders", "2");
        awaitReceived("1", "2");
        await().untilAsserted(() -> assertThat(errors())
                .extracting(Throwable::getCause)
                .extracting(Throwable::getMessage)
                .containsExactly("1", "2"));
    }

    @Test
    void anErrorHandlerThatIsNotThereKeepsTheApplicationFromStarting() {
        assertThatException()
                .isThrownBy(() -> start(new Object() {
                    @ShardedRedisListener(topic = "orders", errorHandler = "nobody")
                    void order(String order) {}
                }))
                .withMessageContaining("refers to the bean 'nobody', a ErrorHandler");
    }

    @Test
    void startsByItsIdWhereItDoesNotStartByItself() {
        start(new Object() {
            @ShardedRedisListener(topic = "orders", id = "late", autoStartup = "false")
            void order(String order) {
                ShardedRedisListenerTests.this.received.add(order);
            }
        });
        assertThat(this.subscriptions.claimed()).isEmpty();
        assertThat(endpoint("late").isRunning()).isFalse();
        endpoint("late").start();
        assertThat(this.subscriptions.claimed()).containsExactly("orders");
        this.subscriptions.message("orders", "1");
        awaitReceived("1");
        endpoint("late").stop();
        assertThat(this.subscriptions.claimed()).isEmpty();
        endpoint("late").start();
        this.subscriptions.message("orders", "2");
        awaitReceived("1", "2");
    }

    @Test
    void waitsWhileItIsPausedAndGoesOnWithWhatCameMeanwhile() {
        start(new Object() {
            @ShardedRedisListener(topic = "orders", id = "paused")
            void order(String order) {
                ShardedRedisListenerTests.this.received.add(order);
            }

            @ShardedRedisListener(topic = "orders")
            void other(String order) {
                ShardedRedisListenerTests.this.received.add("other " + order);
            }
        });
        endpoint("paused").pause();
        this.subscriptions.message("orders", "1");
        this.subscriptions.message("orders", "2");
        awaitReceived("other 1", "other 2");
        assertThat(endpoint("paused").isPaused()).isTrue();
        assertThat(this.subscriptions.claimed()).containsExactly("orders");
        endpoint("paused").resume();
        awaitReceived("other 1", "other 2", "1", "2");
    }

    @Test
    void hasAQueueOfItsOwn() {
        start(new Object() {
            @ShardedRedisListener(
                    topic = "orders",
                    id = "small",
                    queueCapacity = "#{1 + 1}",
                    overflow = "drop-newest",
                    concurrency = "1")
            void order(String order) {
                ShardedRedisListenerTests.this.received.add(order);
            }
        });
        endpoint("small").pause();
        IntStream.range(0, 5).forEach(i -> this.subscriptions.message("orders", String.valueOf(i)));
        endpoint("small").resume();
        awaitReceived("0", "1");
    }

    @Test
    void blocksWhereThatIsItsWay() {
        start(new Object() {
            @ShardedRedisListener(topic = "orders", id = "small", queueCapacity = "2", overflow = "block")
            void order(String order) {
                ShardedRedisListenerTests.this.received.add(order);
            }
        });
        endpoint("small").pause();
        IntStream.range(0, 5).forEach(i -> this.subscriptions.message("orders", String.valueOf(i)));
        assertThat(this.subscriptions.unread()).containsExactly("orders");
        endpoint("small").resume();
        awaitReceived("0", "1", "2", "3", "4");
        assertThat(this.subscriptions.unread()).isEmpty();
    }

    @Test
    void saysWhatAnAttributeMayBe() {
        assertThatException()
                .isThrownBy(() -> start(new Object() {
                    @ShardedRedisListener(topic = "orders", overflow = "explode")
                    void order(String order) {}
                }))
                .withMessageContaining("'overflow' of @ShardedRedisListener on")
                .withMessageContaining("is 'explode', but has to be one of [drop-oldest, drop-newest, block]");
    }

    @Test
    void saysThatANumberHasToBePositive() {
        assertThatException()
                .isThrownBy(() -> start(new Object() {
                    @ShardedRedisListener(topic = "orders", concurrency = "0")
                    void order(String order) {}
                }))
                .withMessageContaining("is '0', but has to be a whole number, at least 1");
    }

    @Test
    void saysWhatAStartMayBe() {
        assertThatException()
                .isThrownBy(() -> start(new Object() {
                    @ShardedRedisListener(topic = "orders", start = "last:#{'many'}")
                    void order(String order) {}
                }))
                .withMessageContaining("'start' of @ShardedRedisListener on")
                .withMessageContaining("is 'last:many', but has to be a start. A start is new, last:100, since:10m,");
    }

    @Test
    void hasToRecoverToStartAnywhereElse() {
        assertThatException()
                .isThrownBy(() -> start(new Object() {
                    @ShardedRedisListener(topic = "orders", start = "since:${none:10m}")
                    void order(String order) {}
                }))
                .withMessageContaining(
                        "is to start with 'since:PT10M' on the shard channel 'orders', but is without recovery");
        assertThat(this.subscriptions.claimed()).isEmpty();
    }

    @Test
    void canOnlyRecoverWhereItsContainerDoes() {
        assertThatException()
                .isThrownBy(() -> start(new Object() {
                    @ShardedRedisListener(topic = "orders", recover = "${none:true}")
                    void order(String order) {}
                }))
                .withMessageContaining("its container has no ShardRecovery");
    }

    @Test
    void saysWhetherItRecovers() {
        assertThatException()
                .isThrownBy(() -> start(new Object() {
                    @ShardedRedisListener(topic = "orders", recover = "perhaps")
                    void order(String order) {}
                }))
                .withMessageContaining("'recover' of @ShardedRedisListener on")
                .withMessageContaining("is 'perhaps', but has to be true or false");
    }

    @Test
    void keepsTheApplicationFromStartingWithAPattern() {
        assertThatException()
                .isThrownBy(() -> start(new Object() {
                    @ShardedRedisListener("orders:*")
                    void order(String order) {}
                }))
                .isInstanceOf(ShardChannelPatternException.class)
                .withMessageContaining("'orders:*' is a pattern");
        assertThat(this.subscriptions.claimed()).isEmpty();
    }

    interface Orders {

        @ShardedRedisListener("orders")
        void order(String order);
    }

    class Annotated implements Orders {

        @Override
        @ShardedRedisListener("orders:{eu}")
        public void order(String order) {
            ShardedRedisListenerTests.this.received.add(order);
        }
    }

    class NotAnnotated implements Orders {

        @Override
        public void order(String order) {
            ShardedRedisListenerTests.this.received.add(order);
        }
    }

    @Test
    void theNearestOfAnOverriddenMethodsAnnotationsCounts() {
        start(new Annotated());
        assertThat(this.subscriptions.claimed()).containsExactly("orders:{eu}");
    }

    @Test
    void isInheritedFromAnInterface() {
        start(new NotAnnotated());
        assertThat(this.subscriptions.claimed()).containsExactly("orders");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void isCalledThroughItsProxy(boolean ofTheClass) {
        List<String> intercepted = new CopyOnWriteArrayList<>();
        proxyListeners(ofTheClass, intercepted);
        this.context.registerBean("proxiedListeners", Orders.class, () -> new Proxied(this.received));
        start("no others");
        assertThat(AopUtils.isCglibProxy(this.context.getBean("proxiedListeners")))
                .isEqualTo(ofTheClass);
        this.subscriptions.message("orders", "tea");
        awaitReceived("tea");
        assertThat(intercepted).containsExactly("order");
    }

    /** Can be made a subclass of. */
    static class Proxied implements Orders {

        private final List<Object> received;

        Proxied(List<Object> received) {
            this.received = received;
        }

        @Override
        @ShardedRedisListener(topic = "orders", id = "proxied")
        public void order(String order) {
            this.received.add(order);
        }
    }

    private void proxyListeners(boolean ofTheClass, List<String> intercepted) {
        this.context.registerBean("interceptor", MethodInterceptor.class, () -> invocation -> {
            intercepted.add(invocation.getMethod().getName());
            return invocation.proceed();
        });
        this.context.registerBean(BeanNameAutoProxyCreator.class, () -> {
            BeanNameAutoProxyCreator creator = new BeanNameAutoProxyCreator();
            creator.setBeanNames("proxied*");
            creator.setInterceptorNames("interceptor");
            creator.setProxyTargetClass(ofTheClass);
            return creator;
        });
    }

    /** As of a session, of which there is one at a time. */
    private static final class EndingScope implements Scope {

        private final Map<String, Object> beans = new HashMap<>();

        private final Map<String, Runnable> callbacks = new HashMap<>();

        @Override
        public Object get(String name, ObjectFactory<?> factory) {
            Object present = this.beans.get(name);
            if (present == null) {
                present = factory.getObject();
                this.beans.put(name, present);
            }
            return present;
        }

        @Override
        public @Nullable Object remove(String name) {
            return this.beans.remove(name);
        }

        @Override
        public void registerDestructionCallback(String name, Runnable callback) {
            this.callbacks.put(name, callback);
        }

        void end() {
            this.callbacks.values().forEach(Runnable::run);
            this.callbacks.clear();
            this.beans.clear();
        }
    }

    private EndingScope scoped(String scopeName, String name, Object listeners) {
        EndingScope scope = new EndingScope();
        this.context.getDefaultListableBeanFactory().registerScope("ending", scope);
        this.context.registerBean(name, Object.class, () -> listeners, definition -> definition.setScope(scopeName));
        start("no listeners");
        return scope;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void listensAsLongAsItsBeanLives(boolean proxied) {
        if (proxied) {
            proxyListeners(true, new CopyOnWriteArrayList<>());
        }
        String name = proxied ? "proxiedListeners" : "scopedListeners";
        EndingScope scope = scoped("ending", name, new Proxied(this.received));
        assertThat(this.subscriptions.claimed()).isEmpty();
        for (int round = 0; round < 2; round++) {
            assertThat(AopUtils.isAopProxy(this.context.getBean(name))).isEqualTo(proxied);
            assertThat(endpoint("proxied").isRunning()).isTrue();
            assertThat(this.subscriptions.claimed()).containsExactly("orders");
            scope.end();
            assertThat(this.context.getBean(ShardedRedisListenerRegistry.class).findListener("proxied"))
                    .isEmpty();
            assertThat(this.subscriptions.claimed()).isEmpty();
        }
    }

    @Test
    void isNotForPrototypes() {
        scoped("prototype", "scoped", new Proxied(this.received));
        assertThatException()
                .isThrownBy(() -> this.context.getBean("scoped"))
                .withMessageContaining("Proxied.order")
                .withMessageContaining("the bean 'scoped' is a prototype")
                .withMessageContaining("give it another scope");
        assertThat(this.subscriptions.claimed()).isEmpty();
    }

    @Test
    void whatCannotBeStartedLaterLeavesNothingBehind() {
        scoped("ending", "scoped", new Object() {
            @ShardedRedisListener(topic = "a", id = "first")
            void one(String order) {}

            @ShardedRedisListener(topic = "b", id = "second")
            void two(String order) {}
        });
        this.subscriptions.refuse("b");
        assertThatException()
                .isThrownBy(() -> this.context.getBean("scoped"))
                .withMessageContaining("refuses the shard channel 'b'");
        assertThat(this.context.getBean(ShardedRedisListenerRegistry.class).getIds())
                .isEmpty();
        assertThat(this.subscriptions.claimed()).isEmpty();

        this.subscriptions.permit("b");
        this.context.getBean("scoped");
        assertThat(this.subscriptions.claimed()).containsExactly("a", "b");
    }

    @Test
    void aLazyBeanListensFromItsFirstUseOn() {
        this.context.registerBean(
                "lazy", Object.class, () -> new Proxied(this.received), definition -> definition.setLazyInit(true));
        start("no others");
        assertThat(this.subscriptions.claimed()).isEmpty();
        this.context.getBean("lazy");
        this.subscriptions.message("orders", "tea");
        awaitReceived("tea");
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
