package io.github.shardedpubsub.listener;

import io.github.shardedpubsub.pipe.ChannelName;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.Message;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;

/**
 * The messages of some channels on their way to one subscriber, in the queues of a listener that asks for as many as the subscriber
 * does. Until there is a subscriber they wait.
 */
final class ShardMessageStream implements RequestingListener {

    private final Set<ChannelName> channels;

    private final AtomicInteger unconfirmed;

    /** Completed with the messages when all channels are confirmed, with null if it has ended before. */
    private final CompletableFuture<@Nullable Flux<Message>> confirmed = new CompletableFuture<>();

    /** Completed when nothing more is to come, by whomever: the subscriber, the server that refuses, or the container. */
    private final CompletableFuture<@Nullable Void> ended = new CompletableFuture<>();

    private final AtomicReference<@Nullable FluxSink<Message>> subscriber = new AtomicReference<>();

    /** A sink whose subscriber has cancelled drops what it is given. */
    private volatile boolean tookLast;

    private volatile List<Registration> registrations = List.of();

    ShardMessageStream(Set<ChannelName> channels) {
        this.channels = channels;
        this.unconfirmed = new AtomicInteger(channels.size());
    }

    Set<ChannelName> channels() {
        return this.channels;
    }

    CompletableFuture<@Nullable Flux<Message>> confirmed() {
        return this.confirmed;
    }

    CompletableFuture<@Nullable Void> ended() {
        return this.ended;
    }

    /** It has queues from now on, and may have been asked for what is in them already. */
    void registered(List<Registration> registrations) {
        this.registrations = registrations;
        registrations.forEach(Registration::resume);
    }

    /** For one subscriber. */
    Flux<Message> messages() {
        // No sink overflows, since nothing comes that was not asked for; if it did, it would show.
        return Flux.<Message>create(this::subscribed, FluxSink.OverflowStrategy.ERROR)
                .doOnNext(message -> this.tookLast = true);
    }

    private void subscribed(FluxSink<Message> sink) {
        if (!this.subscriber.compareAndSet(null, sink)) {
            sink.error(new IllegalStateException("The messages of " + this.channels
                    + " that receiveLater gave have a subscriber already. Call receive or receiveLater for each"));
            return;
        }
        sink.onDispose(this::end);
        sink.onRequest(requested -> this.registrations.forEach(Registration::resume));
        var unused = this.ended.whenComplete((end, failure) -> {
            if (failure == null) {
                sink.complete();
            } else {
                sink.error(failure);
            }
        });
    }

    void end() {
        this.ended.complete(null);
        this.confirmed.complete(null);
    }

    @Override
    public boolean isRequesting() {
        FluxSink<Message> sink = this.subscriber.get();
        return sink != null && sink.requestedFromDownstream() > 0;
    }

    @Override
    public void onMessage(Message message, byte @Nullable [] pattern) {
        FluxSink<Message> sink = this.subscriber.get();
        this.tookLast = false;
        if (sink != null) {
            sink.next(message);
        }
    }

    @Override
    public boolean tookLast() {
        return this.tookLast;
    }

    @Override
    public void onChannelSubscribed(byte[] channel, long count) {
        if (this.unconfirmed.decrementAndGet() == 0) {
            this.confirmed.complete(messages());
        }
    }

    @Override
    public void onChannelRefused(Throwable refusal) {
        this.ended.completeExceptionally(refusal);
        this.confirmed.completeExceptionally(refusal);
    }

    @Override
    public String toString() {
        return "a Flux of " + this.channels;
    }
}
