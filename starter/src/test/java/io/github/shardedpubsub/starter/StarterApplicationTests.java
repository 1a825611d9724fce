package io.github.shardedpubsub.starter;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.shardedpubsub.listener.ShardedRedisListener;
import io.github.shardedpubsub.publisher.ShardedPublisher;
import io.github.shardedpubsub.test.RedisCluster;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;

/** An application with nothing but the starter. */
class StarterApplicationTests {

    private final ByteArrayOutputStream output = new ByteArrayOutputStream();

    private final PrintStream out = System.out;

    private final PrintStream err = System.err;

    @BeforeEach
    void capture() {
        PrintStream captured = new PrintStream(this.output, true, StandardCharsets.UTF_8);
        System.setOut(captured);
        System.setErr(captured);
    }

    @AfterEach
    void release() {
        System.setOut(this.out);
        System.setErr(this.err);
    }

    @Configuration(proxyBeanMethods = false)
    @EnableAutoConfiguration
    static class Application {

        final CompletableFuture<String> received = new CompletableFuture<>();

        @ShardedRedisListener("orders:{eu}")
        void order(String order) {
            this.received.complete(order);
        }
    }

    @Test
    void startsListensPublishesAndEndsWithoutAWarning() {
        try (RedisCluster cluster = RedisCluster.start(3, 0)) {
            try (ConfigurableApplicationContext context = SpringApplication.run(
                    Application.class, "--spring.data.redis.cluster.nodes=" + String.join(",", cluster.addresses()))) {
                assertThat(context.getBean(ShardedPublisher.class).publish("orders:{eu}", "tea"))
                        .isEqualTo(1);
                assertThat(context.getBean(Application.class).received)
                        .succeedsWithin(Duration.ofSeconds(10))
                        .isEqualTo("tea");
            }
        }
        assertThat(this.output.toString(StandardCharsets.UTF_8))
                .contains("Started")
                .doesNotContain("WARN")
                .doesNotContain("ERROR")
                .doesNotContain("Exception");
    }
}
