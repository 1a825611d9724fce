package io.github.shardedpubsub.test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.mockito.Mockito.mock;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;
import org.springframework.aot.generate.ClassNameGenerator;
import org.springframework.aot.generate.DefaultGenerationContext;
import org.springframework.aot.generate.GeneratedFiles;
import org.springframework.aot.generate.InMemoryGeneratedFiles;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.data.redis.autoconfigure.DataRedisConnectionDetails;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.aot.ApplicationContextAotGenerator;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.javapoet.ClassName;
import org.springframework.test.context.ContextCustomizer;
import org.springframework.test.context.MergedContextConfiguration;
import org.springframework.test.context.junit.jupiter.SpringJUnitConfig;

/** Test classes of a user, run in sessions of their own. */
class RedisClusterExtensionTests {

    private static final List<RedisCluster> clusters = new CopyOnWriteArrayList<>();

    private static final List<ConfigurableApplicationContext> contexts = new CopyOnWriteArrayList<>();

    @BeforeEach
    void forget() {
        clusters.clear();
        contexts.clear();
    }

    private static TestExecutionSummary run(Class<?>... testClasses) {
        SummaryGeneratingListener summary = new SummaryGeneratingListener();
        int before = clusters.size();
        try (LauncherSession session = LauncherFactory.openSession()) {
            session.getLauncher()
                    .execute(
                            LauncherDiscoveryRequestBuilder.request()
                                    .selectors(Arrays.stream(testClasses)
                                            .map(testClass -> selectClass(testClass))
                                            .toList())
                                    .build(),
                            summary);
            assertThat(clusters.subList(before, clusters.size()))
                    .allSatisfy(cluster -> assertThat(cluster.nodes()).allMatch(RedisNode::isAlive));
        }
        assertThat(summary.getSummary().getFailures())
                .extracting(TestExecutionSummary.Failure::getException)
                .isEmpty();
        return summary.getSummary();
    }

    @WithRedisCluster(masters = 1)
    static class OneMaster {

        @Test
        void isGivenTheCluster(RedisCluster cluster) {
            clusters.add(cluster);
            assertThat(cluster.masters()).hasSize(1);
        }

        @Nested
        class Around {

            @Test
            void isGivenTheSame(RedisCluster cluster) {
                clusters.add(cluster);
            }
        }
    }

    @WithRedisCluster(masters = 1)
    static class AnotherWithOneMaster {

        @Test
        void isGivenTheSame(RedisCluster cluster) {
            clusters.add(cluster);
        }
    }

    static class Derived extends AnotherWithOneMaster {}

    @WithRedisCluster(masters = 1, configuration = "requirepass secret")
    static class WithAPassword {

        @Test
        void isGivenAnotherCluster(RedisCluster cluster) {
            clusters.add(cluster);
        }
    }

    @Configuration(proxyBeanMethods = false)
    @ImportAutoConfiguration(DataRedisAutoConfiguration.class)
    static class Application {}

    @SpringJUnitConfig(Application.class)
    @WithRedisCluster(masters = 1, configuration = "requirepass secret")
    static class OfAnApplication {

        @Autowired
        private ConfigurableApplicationContext context;

        @Test
        void isConnectedToTheCluster(
                @Autowired DataRedisConnectionDetails details,
                @Autowired StringRedisTemplate template,
                RedisCluster cluster) {
            clusters.add(cluster);
            contexts.add(this.context);
            assertThat(details).isInstanceOf(RedisClusterConnectionDetails.class);
            template.opsForValue().set("key", "value");
            assertThat(cluster.masters().get(0).command("GET", "key")).isEqualTo("value");
        }
    }

    static class OfTheSameApplication extends OfAnApplication {}

    @WithRedisCluster(masters = 1, tls = true)
    static class OfAnApplicationThatSpeaksTls extends OfAnApplication {}

    @Test
    void classesThatAskForTheSameShareAClusterThatEndsAfterTheLastTest() {
        TestExecutionSummary summary = run(OneMaster.class, AnotherWithOneMaster.class, Derived.class);
        assertThat(summary.getTestsSucceededCount()).isEqualTo(4);
        assertThat(clusters).hasSize(4).containsOnly(clusters.get(0));
        assertThat(clusters.get(0).nodes()).noneMatch(RedisNode::isAlive);
    }

    @Test
    void aClassThatAsksForSomethingElseHasAnotherCluster() {
        run(OneMaster.class, WithAPassword.class);
        assertThat(clusters).hasSize(3);
        assertThat(clusters.get(2)).isNotSameAs(clusters.get(0));
    }

    @Test
    void aLaterSessionHasAClusterOfItsOwn() {
        run(AnotherWithOneMaster.class);
        run(AnotherWithOneMaster.class);
        assertThat(clusters).hasSize(2).doesNotHaveDuplicates();
    }

    @Test
    void anApplicationIsConnectedAndClosedBeforeItsCluster() {
        run(OfAnApplication.class, OfTheSameApplication.class, WithAPassword.class);
        assertThat(clusters).hasSize(3).containsOnly(clusters.get(0));
        assertThat(contexts).hasSize(2).containsOnly(contexts.get(0));
        assertThat(contexts.get(0).isActive()).isFalse();
    }

    @Test
    void anApplicationIsConnectedByTls() {
        run(OfAnApplicationThatSpeaksTls.class);
        assertThat(clusters)
                .singleElement()
                .extracting(RedisCluster::tlsIdentity)
                .isNotNull();
    }

    @Test
    void whatConnectsAnApplicationCanBeProcessedAheadOfTime() {
        GenericApplicationContext context = new GenericApplicationContext();
        ContextCustomizer customizer =
                new RedisClusterContextCustomizerFactory().createContextCustomizer(WithAPassword.class, List.of());
        Objects.requireNonNull(customizer).customizeContext(context, mock(MergedContextConfiguration.class));
        InMemoryGeneratedFiles files = new InMemoryGeneratedFiles();
        DefaultGenerationContext generation =
                new DefaultGenerationContext(new ClassNameGenerator(ClassName.get(getClass())), files);
        new ApplicationContextAotGenerator().processAheadOfTime(context, generation);
        generation.writeGeneratedContent();
        assertThat(files.getGeneratedFiles(GeneratedFiles.Kind.SOURCE).keySet())
                .anyMatch(file -> file.endsWith("RedisClusterConnectionDetails__BeanDefinitions.java"));
    }
}
