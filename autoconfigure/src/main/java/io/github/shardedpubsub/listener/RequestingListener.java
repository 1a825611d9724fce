package io.github.shardedpubsub.listener;

import org.springframework.data.redis.connection.MessageListener;
import org.springframework.data.redis.connection.SubscriptionListener;

/**
 * A listener that is called only while it asks for messages, and by one thread at a time whatever its channels. What it has not asked
 * for waits in its queues; when it asks again, {@link Registration#resume()} goes on.
 */
interface RequestingListener extends MessageListener, SubscriptionListener {

    /** Whether the next message may come. Asked before each one, in part under the queue's monitor: it must not wait for anything. */
    boolean isRequesting();

    /** One of its channels is refused; nobody waits for them who could be told. */
    void onChannelRefused(Throwable refusal);

    /** Whether it took the last message that it was called with: who asks no more may be called all the same. On the same thread. */
    boolean tookLast();
}
