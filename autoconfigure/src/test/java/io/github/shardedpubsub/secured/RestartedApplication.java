package io.github.shardedpubsub.secured;

import io.github.shardedpubsub.listener.ShardRestoredEvent;
import io.github.shardedpubsub.listener.ShardSubscribedEvent;
import io.github.shardedpubsub.listener.ShardedRedisListener;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;

/** A top-level class, so that a class loader can have it for itself. */
@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
public class RestartedApplication {

    static final String CHANNEL = "restarted:{application}";

    final List<String> heard = new CopyOnWriteArrayList<>();

    final AtomicInteger subscribed = new AtomicInteger();

    @ShardedRedisListener(CHANNEL)
    void receive(String text) {
        this.heard.add(text);
    }

    @EventListener({ShardSubscribedEvent.class, ShardRestoredEvent.class})
    void subscribed() {
        this.subscribed.incrementAndGet();
    }
}
