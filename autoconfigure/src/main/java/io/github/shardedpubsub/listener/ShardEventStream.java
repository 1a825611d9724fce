package io.github.shardedpubsub.listener;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.subscription.ChannelTransition;
import io.github.shardedpubsub.subscription.SubscriptionObserver;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;

/** What happens to channels, for everyone who has subscribed to it. Signals come on whatever thread it happens on. */
final class ShardEventStream implements SubscriptionObserver, DeliveryObserver {

    private final Set<FluxSink<ShardChannelEvent>> subscribers = ConcurrentHashMap.newKeySet();

    /** From the subscription on; for a subscriber that asks for all there is. */
    Flux<ShardChannelEvent> events() {
        return Flux.create(
                sink -> {
                    this.subscribers.add(sink);
                    sink.onDispose(() -> this.subscribers.remove(sink));
                },
                FluxSink.OverflowStrategy.IGNORE);
    }

    void end() {
        this.subscribers.forEach(FluxSink::complete);
    }

    @Override
    public void channelChanged(ChannelTransition transition) {
        ShardChannelEvent event = ShardEventPublisher.event(transition);
        if (event != null) {
            publish(event);
        }
    }

    @Override
    public void overflowed(ChannelName channel, OverflowPolicy overflow, int capacity) {
        publish(new ShardMessagesDroppedEvent(channel.toString(), overflow, capacity, Instant.now()));
    }

    private void publish(ShardChannelEvent event) {
        this.subscribers.forEach(sink -> sink.next(event));
    }
}
