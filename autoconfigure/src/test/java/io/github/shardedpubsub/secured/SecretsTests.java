package io.github.shardedpubsub.secured;

import static io.github.shardedpubsub.secured.SecuredCluster.USER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.shardedpubsub.LiveTest;
import io.github.shardedpubsub.actuate.ShardedPubSubEndpoint;
import io.github.shardedpubsub.actuate.ShardedPubSubHealthIndicator;
import io.github.shardedpubsub.listener.ShardInterruptedEvent;
import io.github.shardedpubsub.publisher.ShardedPublisher;
import io.lettuce.core.RedisCredentials;
import io.lettuce.core.RedisCredentialsProvider;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.ConcurrentModificationException;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.data.redis.autoconfigure.LettuceClientConfigurationBuilderCustomizer;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.data.redis.connection.RedisConfiguration;
import org.springframework.data.redis.connection.lettuce.RedisCredentialsProviderFactory;
import reactor.core.publisher.Mono;
import tools.jackson.databind.json.JsonMapper;

/** A password is in no line, no answer, no exception and no text of any object of ours, whatever goes wrong. */
@LiveTest
@ExtendWith({SecuredClusterResolver.class, OutputCaptureExtension.class})
class SecretsTests {

    private static final String RIGHT = "telling-right-pa55word";

    private static final String WRONG = "telling-wrong-pa55word";

    private static final String TELLING = "telling-";

    private static final String LOG_EVERYTHING = "logging.level.io.github.shardedpubsub=TRACE";

    private static final String LOG_NOT_WHAT_THE_TEST_DOES = "logging.level.io.github.shardedpubsub.test=INFO";

    private final SecuredCluster secured;

    private final List<String> texts = new ArrayList<>();

    SecretsTests(SecuredCluster secured) {
        this.secured = secured;
    }

    @BeforeEach
    void setPassword() {
        this.secured.onEachNode("ACL", "SETUSER", USER, "resetpass", ">" + RIGHT);
    }

    @AfterEach
    void resetPassword() {
        this.secured.onEachNode("ACL", "SETUSER", USER, "resetpass", ">" + SecuredCluster.PASSWORD);
    }

    private SecuredApplication start(String password, String... more) {
        List<String> properties = new ArrayList<>(List.of(
                "spring.data.redis.username=" + USER,
                "spring.data.redis.password=" + password,
                LOG_EVERYTHING,
                LOG_NOT_WHAT_THE_TEST_DOES,
                "management.endpoints.web.exposure.include=shardedpubsub",
                "sharded-pubsub.subscription-timeout=2s",
                "spring.data.redis.timeout=5s"));
        properties.addAll(List.of(more));
        return SecuredApplication.start(this.secured.connection(), properties.toArray(String[]::new));
    }

    @Test
    void ofAnApplicationThatRunsAndIsLockedOut(CapturedOutput output) {
        try (SecuredApplication application = start(RIGHT)) {
            application.requireDelivery();
            look(application.context());
            this.secured.onEachNode("ACL", "SETUSER", USER, "resetpass", ">other");
            this.secured.killApplicationConnections();
            application.awaitDown("WRONGPASS");
            look(application.context());
            ShardedPublisher publisher = application.context().getBean(ShardedPublisher.class);
            Throwable refused = catchThrowable(() -> publisher.publish("orders:{eu}", "tea"));
            assertThat(refused).isNotNull();
            this.texts.add(trace(refused));
            application.interruptions().map(ShardInterruptedEvent::toString).forEach(this.texts::add);
        }
        assertThat(output).contains("Connection to", "WRONGPASS");
        requireNoSecret(output);
    }

    @Test
    void ofAnApplicationThatIsNotLetIn(CapturedOutput output) {
        Throwable failure = catchThrowable(() -> start(WRONG).close());
        this.texts.add(trace(failure));

        assertThat(output).contains("APPLICATION FAILED TO START", "WRONGPASS");
        requireNoSecret(output);
    }

    /** Credentials that are not said in a property. */
    @TestConfiguration(proxyBeanMethods = false)
    static class Vault implements RedisCredentialsProviderFactory {

        static final AtomicReference<String> PASSWORD = new AtomicReference<>(RIGHT);

        @Bean
        LettuceClientConfigurationBuilderCustomizer credentials() {
            return builder -> builder.redisCredentialsProviderFactory(this);
        }

        @Override
        public RedisCredentialsProvider createCredentialsProvider(RedisConfiguration configuration) {
            return () -> Mono.fromSupplier(() -> RedisCredentials.just(USER, PASSWORD.get()));
        }
    }

    @Test
    void ofACredentialsProvider(CapturedOutput output) {
        Vault.PASSWORD.set(RIGHT);
        try (SecuredApplication application = SecuredApplication.start(
                Vault.class, this.secured.connection(), LOG_EVERYTHING, LOG_NOT_WHAT_THE_TEST_DOES)) {
            application.requireDelivery();
            Vault.PASSWORD.set(WRONG);
            this.secured.killApplicationConnections();
            application.awaitDown("WRONGPASS");
            look(application.context());
        }
        requireNoSecret(output);
    }

    /** What health, the endpoint and every object of ours say. */
    private void look(ConfigurableApplicationContext context) {
        JsonMapper json = JsonMapper.builder().build();
        ShardedPubSubHealthIndicator health = context.getBean(ShardedPubSubHealthIndicator.class);
        this.texts.add(json.writeValueAsString(health.health()));
        Supplier<ShardedPubSubEndpoint> endpoint = context.getBeanProvider(ShardedPubSubEndpoint.class)::getIfAvailable;
        if (endpoint.get() != null) {
            this.texts.add(json.writeValueAsString(endpoint.get().subscriptions(null, null, null, null, null)));
        }
        int before = this.texts.size();
        textsOf(context.getBeansOfType(Object.class, false, false).values());
        assertThat(this.texts).as("objects of ours").hasSizeGreaterThan(before + 100);
    }

    /** The text of every object of ours that can be reached from these, through our own objects and collections. */
    private void textsOf(Collection<?> beans) {
        Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        Deque<Object> left = new ArrayDeque<>(beans);
        for (Object next = left.poll(); next != null; next = left.poll()) {
            if (!seen.add(next)) {
                continue;
            }
            if (next instanceof Collection<?> collection) {
                addAll(left, copy(collection));
            } else if (next instanceof Map<?, ?> map) {
                addAll(left, copy(map.values()));
            } else if (next instanceof AtomicReference<?> reference) {
                addAll(left, reference.get());
            } else if (next.getClass().isArray()
                    && !next.getClass().getComponentType().isPrimitive()) {
                for (int i = 0; i < Array.getLength(next); i++) {
                    addAll(left, Array.get(next, i));
                }
            } else if (next.getClass().getName().startsWith("io.github.shardedpubsub.") && !(next instanceof Vault)) {
                this.texts.add(next.getClass().getName() + " " + next);
                for (Class<?> type = next.getClass(); type != null && isOurs(type); type = type.getSuperclass()) {
                    for (Field field : type.getDeclaredFields()) {
                        addAll(left, value(field, next));
                    }
                }
            }
        }
    }

    /** Of what others may be changing. */
    private static Object[] copy(Collection<?> collection) {
        for (int attempt = 0; attempt < 100; attempt++) {
            try {
                return collection.toArray();
            } catch (ConcurrentModificationException again) {
                Thread.onSpinWait();
            }
        }
        throw new AssertionError("It changes all the time: " + collection.getClass());
    }

    private static boolean isOurs(Class<?> type) {
        return type.getName().startsWith("io.github.shardedpubsub.");
    }

    private static void addAll(Deque<Object> left, @Nullable Object... found) {
        for (Object each : found) {
            if (each != null) {
                left.add(each);
            }
        }
    }

    private static @Nullable Object value(Field field, Object owner) {
        if (field.getType().isPrimitive() || Modifier.isStatic(field.getModifiers())) {
            return null;
        }
        field.setAccessible(true);
        try {
            return field.get(owner);
        } catch (IllegalAccessException ex) {
            throw new AssertionError(ex);
        }
    }

    private static String trace(Throwable failure) {
        StringWriter text = new StringWriter();
        failure.printStackTrace(new PrintWriter(text, true));
        return text.toString();
    }

    private void requireNoSecret(CapturedOutput output) {
        this.texts.add(output.getAll());
        assertThat(this.texts).allSatisfy(text -> assertThat(text).doesNotContain(TELLING));
    }
}
