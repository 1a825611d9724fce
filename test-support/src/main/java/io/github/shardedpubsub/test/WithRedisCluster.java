package io.github.shardedpubsub.test;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Gives the tests of a class a {@link RedisCluster}: as an argument of their methods, and, where they are tests of a Spring Boot
 * application, as what the application is connected to, in place of what stands under {@code spring.data.redis}.
 *
 * <pre>{@code
 * @SpringBootTest
 * @WithRedisCluster(masters = 3, replicas = 1)
 * class OrderTests {
 *
 *     @Test
 *     void ordersComeAlsoWhenTheirSlotHasMoved(RedisCluster cluster) { … }
 * }
 * }</pre>
 *
 * <p>All classes that ask for the same share one cluster. It starts when the first needs it and ends after the last test, when the
 * application contexts that use it have been closed; so a test has to mend what it breaks. A test that cannot, starts a cluster of its
 * own with {@link RedisCluster#start}.
 *
 * <p>It takes JUnit 6, and, for applications, {@code spring-test} and {@code spring-boot-data-redis}: all are there with the starters that
 * Spring Boot has for tests and for Redis. Nested and derived test classes have the annotation of the class around or above them.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Inherited
@ExtendWith(RedisClusterExtension.class)
public @interface WithRedisCluster {

    /** How many masters share the slots, from 1. */
    int masters() default 3;

    /** How many replicas each master has, from 0. */
    int replicas() default 0;

    /** Whether the servers speak TLS, and nothing else. */
    boolean tls() default false;

    /** The image of Redis or Valkey that is run in containers, or empty for processes of this machine. */
    String image() default "";

    /** Lines of every server's {@code redis.conf}, such as {@code requirepass secret}. */
    String[] configuration() default {};
}
