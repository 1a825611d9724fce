package io.github.shardedpubsub.listener;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.springframework.core.annotation.AliasFor;
import org.springframework.data.redis.annotation.RedisListener;

/**
 * Marks a method that receives the messages of one shard channel. It is Spring Data's {@link RedisListener} with the
 * {@link ShardedRedisMessageListenerContainer} as its container, and everything that is said there about arguments, placeholders,
 * SpEL and payload conversion holds here:
 *
 * <pre class="code">
 * &#064;ShardedRedisListener("orders:{eu}")
 * void order(Order order, &#064;Header(PubSubHeaders.CHANNEL) ChannelTopic channel) { … }
 * </pre>
 *
 * <p>The channel is an exact name: sharded pub/sub has no patterns, and a name with an unescaped {@code *}, {@code ?} or {@code [}
 * keeps the application from starting. For several channels, write several methods, or add a listener to the container at run time.
 *
 * <p>A method is called with the messages of its channel one after the other, in the order in which they were sent, on a thread of
 * the container. What it throws is logged by Spring Data.
 */
@Target({ElementType.METHOD, ElementType.ANNOTATION_TYPE})
@Retention(RetentionPolicy.RUNTIME)
@Documented
@RedisListener(container = ShardedRedisMessageListenerContainer.BEAN_NAME)
public @interface ShardedRedisListener {

    /**
     * The channel; placeholders and SpEL are resolved. An alias for {@link #topic()}.
     */
    @AliasFor(annotation = RedisListener.class, attribute = "topic")
    String value() default "";

    /**
     * The channel; placeholders and SpEL are resolved. An alias for {@link #value()}.
     */
    @AliasFor(annotation = RedisListener.class, attribute = "topic")
    String topic() default "";

    /**
     * The id of the endpoint; a generated one if empty.
     */
    @AliasFor(annotation = RedisListener.class)
    String id() default "";

    /**
     * The content type that payloads are read as, since pub/sub messages carry none: {@code application/json} for example. Without
     * one, the type of the argument decides.
     */
    @AliasFor(annotation = RedisListener.class)
    String consumes() default "";
}
