package io.github.shardedpubsub.autoconfigure;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.shardedpubsub.listener.ShardedRedisListener;
import io.lettuce.core.protocol.CommandHandler;
import io.lettuce.core.pubsub.PubSubCommandHandler;
import io.lettuce.core.resource.ClientResources;
import org.junit.jupiter.api.Test;
import org.springframework.aot.generate.ClassNameGenerator;
import org.springframework.aot.generate.DefaultGenerationContext;
import org.springframework.aot.generate.InMemoryGeneratedFiles;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.predicate.RuntimeHintsPredicates;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.aot.ApplicationContextAotGenerator;
import org.springframework.javapoet.ClassName;

/** What an application processed ahead of time finds, for a native image above all. */
class AheadOfTimeTests {

    record Order(String item) {}

    record Invoice(long number) {}

    @ImportAutoConfiguration({
        DataRedisAutoConfiguration.class,
        ShardedPubSubAutoConfiguration.class,
        ShardedPubSubLettuceAutoConfiguration.class
    })
    static class Application {

        @ShardedRedisListener("orders")
        void order(Order order) {}

        @ShardedRedisListener("invoices")
        @ShardedRedisListener("reminders")
        void invoice(Invoice invoice) {}
    }

    @Test
    void annotatedMethodsAndPropertiesCanBeReached() throws NoSuchMethodException {
        RuntimeHints hints = process();
        assertThat(RuntimeHintsPredicates.reflection()
                        .onMethodInvocation(Application.class.getDeclaredMethod("order", Order.class)))
                .accepts(hints);
        assertThat(RuntimeHintsPredicates.reflection().onType(Order.class)).accepts(hints);
        assertThat(RuntimeHintsPredicates.reflection()
                        .onMethodInvocation(Application.class.getDeclaredMethod("invoice", Invoice.class)))
                .accepts(hints);
        assertThat(RuntimeHintsPredicates.reflection().onType(Invoice.class)).accepts(hints);
        assertThat(RuntimeHintsPredicates.reflection()
                        .onMethodInvocation(ShardedPubSubProperties.class.getMethod("setEnabled", boolean.class)))
                .accepts(hints);
    }

    @Test
    void whatTheFenceReadsOfLettuceCanBeReached() throws NoSuchFieldException, NoSuchMethodException {
        RuntimeHints hints = process();
        assertThat(RuntimeHintsPredicates.proxies().forInterfaces(ClientResources.class))
                .accepts(hints);
        assertThat(RuntimeHintsPredicates.reflection().onMethodInvocation(ClientResources.class.getMethod("timer")))
                .accepts(hints);
        assertThat(RuntimeHintsPredicates.reflection()
                        .onFieldAccess(CommandHandler.class.getDeclaredField("clientOptions")))
                .accepts(hints);
        assertThat(RuntimeHintsPredicates.reflection()
                        .onFieldAccess(PubSubCommandHandler.class.getDeclaredField("codec")))
                .accepts(hints);
    }

    private static RuntimeHints process() {
        AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext();
        TestPropertyValues.of("spring.data.redis.cluster.nodes=127.0.0.1:1").applyTo(context);
        context.register(Application.class);
        DefaultGenerationContext generation = new DefaultGenerationContext(
                new ClassNameGenerator(ClassName.get(AheadOfTimeTests.class)), new InMemoryGeneratedFiles());
        new ApplicationContextAotGenerator().processAheadOfTime(context, generation);
        return generation.getRuntimeHints();
    }
}
