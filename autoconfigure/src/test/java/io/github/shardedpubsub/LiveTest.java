package io.github.shardedpubsub;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;

/**
 * A test of what servers do. It runs with every build on the embedded server, and once more on each other server that is supported:
 * {@code mvn test -Dgroups=live -Dredis.server=PATH}.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD})
@Tag("live")
public @interface LiveTest {}
