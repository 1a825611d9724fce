package io.github.shardedpubsub.publisher;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.serializer.RedisSerializer;
import org.springframework.data.redis.serializer.SerializationException;
import org.springframework.messaging.Message;
import org.springframework.messaging.converter.MessageConverter;

/**
 * Writes payloads with the converter that annotated listeners read them with. It only writes.
 */
public final class MessageConverterSerializer implements RedisSerializer<Object> {

    private final MessageConverter converter;

    /**
     * Creates a serializer.
     *
     * @param converter one that makes bytes or text, as all that Spring has do
     */
    public MessageConverterSerializer(MessageConverter converter) {
        this.converter = converter;
    }

    /**
     * Writes a payload.
     *
     * @throws SerializationException if there is no converter for it
     */
    @Override
    public byte[] serialize(@Nullable Object payload) {
        Message<?> message = (payload != null) ? this.converter.toMessage(payload, null) : null;
        if (message != null && message.getPayload() instanceof byte[] bytes) {
            return bytes;
        }
        if (message != null && message.getPayload() instanceof String text) {
            return text.getBytes(StandardCharsets.UTF_8);
        }
        throw new SerializationException("No message converter writes "
                + (payload != null ? payload.getClass().getName() : "null")
                + ". Those of the listeners are asked, which a RedisListenerConfigurer adds to; for JSON there has to be Jackson 3"
                + " (tools.jackson.core:jackson-databind)");
    }

    @Override
    public Object deserialize(byte @Nullable [] bytes) {
        throw new UnsupportedOperationException("This serializer only writes");
    }
}
