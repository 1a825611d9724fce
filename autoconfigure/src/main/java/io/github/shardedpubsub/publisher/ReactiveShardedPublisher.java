package io.github.shardedpubsub.publisher;

import java.util.Collection;
import java.util.concurrent.CompletableFuture;
import org.reactivestreams.Publisher;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * The reactive twin of {@link ShardedPublisher}, on its connections: what is said there of payloads, order, retries and failures holds
 * here. Nothing is sent before somebody subscribes, and it is sent once for each who does. Who cancels gets no answer: what is not
 * sent yet is not sent, what was refused is not offered again, and what is sent stays sent.
 *
 * <p>Signals come on an event loop, which must not be blocked; {@code publishOn} takes them elsewhere.
 */
public final class ReactiveShardedPublisher {

    private static final int MAX_UNANSWERED = 256;

    private final ShardedPublisher publisher;

    /**
     * Creates the twin.
     */
    public ReactiveShardedPublisher(ShardedPublisher publisher) {
        this.publisher = publisher;
    }

    /**
     * Publishes a message.
     *
     * @return the number of subscribers at the node that served it, or a {@link org.springframework.dao.DataAccessException}; an
     *     {@link IllegalArgumentException} for an object that nothing can write
     */
    public Mono<Long> publish(String channel, Object payload) {
        return publish(new ShardMessage(channel, payload));
    }

    /**
     * Publishes a message, as {@link #publish(String, Object)} does.
     */
    public Mono<Long> publish(ShardMessage message) {
        return this.publisher.isIntercepted()
                ? Mono.deferContextual(caller -> Mono.fromFuture(this.publisher.publishAsync(message, caller)))
                : Mono.fromFuture(() -> this.publisher.publishAsync(message));
    }

    /**
     * Publishes a message, as {@link #publish(String, Object)} does, under the name that {@code ReactiveRedisTemplate} has for it.
     */
    public Mono<Long> convertAndSend(String channel, Object message) {
        return publish(channel, message);
    }

    /**
     * Publishes many messages together, with one write for each node.
     *
     * @return for each message, in their order, the number of subscribers at the node that served it; failures come last, when all are
     *     answered
     */
    public Flux<Long> publishAll(Collection<ShardMessage> messages) {
        return Flux.deferContextual(caller -> Flux.fromIterable(this.publisher.publishAllAsync(messages, caller))
                .flatMapSequentialDelayError(
                        (CompletableFuture<Long> answer) -> Mono.fromFuture(answer), Integer.MAX_VALUE, 1));
    }

    /**
     * Publishes messages as they come, and asks for more when there are answers: at most {@value #MAX_UNANSWERED} are on their way.
     * The first failure ends it.
     *
     * @return for each message, in their order, the number of subscribers at the node that served it
     */
    public Flux<Long> publishAll(Publisher<ShardMessage> messages) {
        return Flux.from(messages).flatMapSequential(this::publish, MAX_UNANSWERED);
    }
}
