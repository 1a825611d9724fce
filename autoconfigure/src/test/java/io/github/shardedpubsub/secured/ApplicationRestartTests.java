package io.github.shardedpubsub.secured;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.LiveCluster;
import io.github.shardedpubsub.LiveTest;
import io.github.shardedpubsub.SubscriptionThreads;
import io.github.shardedpubsub.publisher.ShardedPublisher;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import java.io.IOException;
import java.io.InputStream;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** Applications that are stopped and started again within one JVM, as for a checkpoint or by devtools. */
@LiveTest
class ApplicationRestartTests {

    private static final Duration RECOVERY = Duration.ofSeconds(20);

    private static final String CLIENT_NAME = "restarted";

    private enum Way {
        /** As by hand. */
        STOP_AND_START(ConfigurableApplicationContext::stop, ConfigurableApplicationContext::start),
        /** As for a checkpoint, and between the tests of a suite. */
        PAUSE_AND_RESTART(ConfigurableApplicationContext::pause, ConfigurableApplicationContext::restart);

        private final Consumer<ConfigurableApplicationContext> stop;

        private final Consumer<ConfigurableApplicationContext> start;

        Way(Consumer<ConfigurableApplicationContext> stop, Consumer<ConfigurableApplicationContext> start) {
            this.stop = stop;
            this.start = start;
        }
    }

    private static ConfigurableApplicationContext start(Class<?> application) {
        return new SpringApplicationBuilder(application)
                .web(WebApplicationType.NONE)
                .properties(
                        "spring.data.redis.cluster.nodes=" + LiveCluster.nodes(),
                        "spring.data.redis.client-name=" + CLIENT_NAME)
                .run();
    }

    /** In the nodes' client lists. */
    private static List<String> connections() {
        return LiveCluster.get().nodes().stream()
                .flatMap(node -> node.command("CLIENT", "LIST").lines())
                .filter(line -> line.contains("name=" + CLIENT_NAME + " "))
                .toList();
    }

    /** The one message of this text is heard once, and with no other. */
    private static void requireDelivery(ConfigurableApplicationContext context, String text) {
        assertThat(context.getBean(ShardedPublisher.class).publish(RestartedApplication.CHANNEL, text))
                .isEqualTo(1);
        List<String> heard = context.getBean(RestartedApplication.class).heard;
        await().atMost(RECOVERY).untilAsserted(() -> assertThat(heard).containsExactly(text));
        heard.clear();
    }

    @ParameterizedTest
    @EnumSource
    void isAsItWasHoweverOftenItIsStopped(Way way) {
        SubscriptionThreads threads = new SubscriptionThreads();
        try (ConfigurableApplicationContext context = start(RestartedApplication.class)) {
            requireDelivery(context, "at first");
            int connections = awaitWarm(context);
            for (int i = 0; i < 5; i++) {
                way.stop.accept(context);
                threads.assertNoneIsLeft();
                await().atMost(RECOVERY).until(() -> connections().isEmpty());
                assertThat(context.getBean(ShardSubscriptions.class).nodes()).isEmpty();

                way.start.accept(context);
                requireDelivery(context, "after stop " + i);
                assertThat(awaitWarm(context)).isEqualTo(connections);
            }
            assertThat(context.getBean(RestartedApplication.class).subscribed)
                    .as("told once for each start")
                    .hasValue(6);
        }
        threads.assertNoneIsLeft();
        await().atMost(RECOVERY).until(() -> connections().isEmpty());
    }

    /** Returns how many connections there are of ours that listen: one at each node. */
    private static int awaitWarm(ConfigurableApplicationContext context) {
        await().atMost(RECOVERY)
                .until(() -> context.getBean(ShardSubscriptions.class).nodes().stream()
                                .filter(node -> node.connected())
                                .count()
                        == 3);
        return connections().size();
    }

    @Test
    void theNextApplicationInTheSameJvmFindsNothingOfTheOneBefore() throws Exception {
        LiveCluster.get();
        Ended before = runAndClose();
        runAndClose();
        await().atMost(RECOVERY).untilAsserted(() -> {
            System.gc();
            assertThat(before.threads()).isEmpty();
            assertThat(before.context().get()).isNull();
        });
    }

    /**
     * An application that is over. Its class loader itself may be there for a while: Spring has a cache by class loaders, softly
     * referenced.
     */
    private record Ended(WeakReference<ClassLoader> loader, WeakReference<ConfigurableApplicationContext> context) {

        List<Thread> threads() {
            return Thread.getAllStackTraces().keySet().stream()
                    .filter(thread -> thread.getContextClassLoader() instanceof RestartClassLoader own
                            && own == this.loader.get())
                    .toList();
        }
    }

    /** In a class loader of its own, as devtools does with the classes of the application. */
    private static Ended runAndClose() throws Exception {
        ClassLoader loader = new RestartClassLoader();
        Class<?> application = loader.loadClass(RestartedApplication.class.getName());
        assertThat(application).isNotSameAs(RestartedApplication.class);
        CompletableFuture<WeakReference<ConfigurableApplicationContext>> ended = new CompletableFuture<>();
        Thread runner = new Thread(() -> {
            try (ConfigurableApplicationContext context = start(application)) {
                assertThat(context.getBean(ShardedPublisher.class)
                                .publish(RestartedApplication.CHANNEL, "in another class loader"))
                        .isEqualTo(1);
                context.close();
                ended.complete(new WeakReference<>(context));
            } catch (Throwable ex) {
                ended.completeExceptionally(ex);
            }
        });
        runner.setContextClassLoader(loader);
        runner.start();
        WeakReference<ConfigurableApplicationContext> context = ended.get(60, TimeUnit.SECONDS);
        runner.join();
        return new Ended(new WeakReference<>(loader), context);
    }

    /** Has the application's own class; everything else is its parent's. */
    private static final class RestartClassLoader extends ClassLoader {

        RestartClassLoader() {
            super(ApplicationRestartTests.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            synchronized (getClassLoadingLock(name)) {
                if (!name.equals(RestartedApplication.class.getName())) {
                    return super.loadClass(name, resolve);
                }
                Class<?> loaded = findLoadedClass(name);
                return loaded != null ? loaded : define(name);
            }
        }

        private Class<?> define(String name) throws ClassNotFoundException {
            try (InputStream file = Objects.requireNonNull(getResourceAsStream(name.replace('.', '/') + ".class"))) {
                byte[] bytes = file.readAllBytes();
                return defineClass(name, bytes, 0, bytes.length);
            } catch (IOException ex) {
                throw new ClassNotFoundException(name, ex);
            }
        }
    }
}
