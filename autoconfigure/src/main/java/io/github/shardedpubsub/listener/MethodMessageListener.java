package io.github.shardedpubsub.listener;

import io.lettuce.core.cluster.SlotHash;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.Message;
import org.springframework.data.redis.connection.MessageListener;
import org.springframework.data.redis.listener.ChannelTopic;
import org.springframework.data.redis.listener.adapter.RedisListenerExecutionFailedException;
import org.springframework.data.redis.listener.support.PubSubHeaders;
import org.springframework.messaging.MessageHeaders;
import org.springframework.messaging.handler.invocation.InvocableHandlerMethod;
import org.springframework.messaging.support.MessageBuilder;

/** Calls a method. In contrast to Spring Data's adapter what goes wrong is thrown, for others to count and handle. */
final class MethodMessageListener implements MessageListener {

    private final InvocableHandlerMethod method;

    private final String consumes;

    /**
     * Creates a listener.
     *
     * @param consumes the content type of payloads, or empty
     */
    MethodMessageListener(InvocableHandlerMethod method, String consumes) {
        this.method = method;
        this.consumes = consumes;
    }

    @Override
    public void onMessage(Message message, byte @Nullable [] pattern) {
        byte[] name = message.getChannel();
        ChannelTopic channel = ChannelTopic.of(new String(name, StandardCharsets.UTF_8));
        MessageBuilder<byte[]> built = MessageBuilder.withPayload(message.getBody())
                .setHeader(PubSubHeaders.CHANNEL, channel)
                .setHeader(PubSubHeaders.TOPIC, channel)
                .setHeader(ShardPubSubHeaders.SLOT, SlotHash.getSlot(name));
        if (message instanceof RecoverableMessage recoverable) {
            built.setHeader(ShardPubSubHeaders.RECOVERED, recoverable.isRecovered())
                    .setHeader(ShardPubSubHeaders.POSITION, recoverable.getPosition());
        }
        if (!this.consumes.isEmpty()) {
            built.setHeader(MessageHeaders.CONTENT_TYPE, this.consumes);
        }
        try {
            this.method.invoke(built.build());
        } catch (Exception ex) {
            throw new RedisListenerExecutionFailedException(
                    "The listener method " + this + " failed at a message of the shard channel '" + channel.getTopic()
                            + "'",
                    ex);
        }
    }

    @Override
    public String toString() {
        return this.method.getShortLogMessage();
    }
}
