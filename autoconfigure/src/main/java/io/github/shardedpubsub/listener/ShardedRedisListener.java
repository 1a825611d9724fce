package io.github.shardedpubsub.listener;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Repeatable;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.springframework.core.annotation.AliasFor;
import org.springframework.messaging.handler.annotation.MessageMapping;

/**
 * Marks a method that receives the messages of shard channels:
 *
 * <pre class="code">
 * &#064;ShardedRedisListener("orders:{eu}")
 * void order(Order order, &#064;Header(PubSubHeaders.CHANNEL) ChannelTopic channel) { … }
 * </pre>
 *
 * <p>Arguments and payload conversion are those of Spring Data's {@code @RedisListener}, and so are the
 * {@code RedisListenerConfigurer} beans that change them: a payload, {@code @Payload} with validation, {@code @Header} (see
 * {@link ShardPubSubHeaders} and {@link org.springframework.data.redis.listener.support.PubSubHeaders}), {@code @Headers},
 * {@link org.springframework.messaging.Message}. Every attribute may have placeholders and SpEL in it.
 *
 * <p>A method is called with the messages of a channel one after the other, in the order in which they were sent, on a thread of
 * the container. With several channels, or repeated on one method, it can be called by several threads at once. What it throws goes
 * to an error handler, wrapped in a
 * {@link org.springframework.data.redis.listener.adapter.RedisListenerExecutionFailedException}, is counted, and ends nothing.
 *
 * <p>Each annotation is a {@link ShardedListenerEndpoint} in the {@link ShardedRedisListenerRegistry}, as long as its bean lives; on a
 * prototype, whose end nobody tells, it is refused. Of a method's annotations and those of what it overrides the nearest count. It can
 * be used as a meta-annotation.
 */
@Target({ElementType.METHOD, ElementType.ANNOTATION_TYPE})
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Repeatable(ShardedRedisListeners.class)
@MessageMapping
public @interface ShardedRedisListener {

    /**
     * The channels. An alias for {@link #topic()}.
     */
    @AliasFor("topic")
    String[] value() default {};

    /**
     * The channels, each an exact name: sharded pub/sub has no patterns, and a name with an unescaped {@code *}, {@code ?} or
     * {@code [} keeps the application from starting. An expression may result in an array or a collection of names, and a placeholder
     * may name a list of the configuration ({@code channels[0]} and so on). An alias for {@link #value()}.
     */
    @AliasFor("value")
    String[] topic() default {};

    /**
     * The id in the {@link ShardedRedisListenerRegistry}; a generated one if empty. With {@code start = "stored"} it also names where the
     * listener is: one of its own for each instance of the application, and the same after a restart.
     */
    String id() default "";

    /**
     * The content type that payloads are read as, since pub/sub messages carry none: {@code application/json} for example. Without
     * one, the type of the argument decides.
     */
    String consumes() default "";

    /**
     * The bean name of the container.
     */
    String container() default ShardedRedisMessageListenerContainer.BEAN_NAME;

    /**
     * Whether it starts with its container; {@code true} if empty. If not, it is started by its id.
     */
    String autoStartup() default "";

    /**
     * How many of its channels are delivered at the same time, by threads of its own; if empty, it shares the container's.
     */
    String concurrency() default "";

    /**
     * How many messages of one channel can wait; the container's capacity if empty.
     */
    String queueCapacity() default "";

    /**
     * What is done when a queue is full: {@code drop-oldest}, {@code drop-newest} or {@code block}, see {@link OverflowPolicy}; the
     * container's way if empty. With recovery it has no meaning: what finds no room is read from the history.
     */
    String overflow() default "";

    /**
     * The bean name of the {@link org.springframework.util.ErrorHandler} that is given what the method throws; the container's if
     * empty.
     */
    String errorHandler() default "";

    /**
     * Whether the method gets from its channels' histories what it did not get live: {@code true} or {@code false}; if empty, on those of
     * {@code sharded-pubsub.recovery.channels}. What publishers do not keep is delivered as it is, and cannot be recovered.
     */
    String recover() default "";

    /**
     * Where it begins in its channels' histories each time it starts, see {@link io.github.shardedpubsub.recovery.StartPosition}:
     *
     * <ul>
     *   <li>{@code new}, as if empty: with what is published from then on;
     *   <li>{@code last:100}: with so many messages that are there;
     *   <li>{@code since:10m}: with the messages of this time that are there;
     *   <li>{@code after:<position>}: behind a message, with one channel only; what cannot be had any more is told as a
     *       {@link ShardHistoryLostEvent};
     *   <li>{@code stored}: where it was, by its {@link #id}, which it has to have; and {@code stored:last:100}, for example, with another
     *       beginning than {@code new} where that is not known.
     * </ul>
     */
    String start() default "";
}
