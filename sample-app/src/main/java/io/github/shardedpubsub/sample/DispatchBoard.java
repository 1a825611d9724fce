package io.github.shardedpubsub.sample;

import io.github.shardedpubsub.listener.ShardedRedisListener;
import org.jspecify.annotations.Nullable;
import org.springframework.messaging.handler.annotation.Payload;
import org.springframework.stereotype.Component;

/**
 * Shows the office's last announcement. One channel, known beforehand: the annotation is all that it takes.
 */
@Component
class DispatchBoard {

    static final String CHANNEL = "dispatch:{barcelona}";

    private volatile @Nullable Announcement last;

    @ShardedRedisListener(topic = CHANNEL, consumes = "application/json")
    void announced(@Payload Announcement announcement) {
        this.last = announcement;
    }

    @Nullable
    Announcement last() {
        return this.last;
    }
}
