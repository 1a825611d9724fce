package io.github.shardedpubsub.listener;

import org.jspecify.annotations.Nullable;
import org.springframework.messaging.Message;
import org.springframework.messaging.converter.JacksonJsonMessageConverter;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads JSON with the application's own mapper, as it is written by a publisher, and into generic types, of which Spring Data's
 * converter sees the class alone. Strings are left to others.
 */
final class JsonPayloadConverter extends JacksonJsonMessageConverter {

    JsonPayloadConverter(JsonMapper mapper) {
        super(mapper);
    }

    @Override
    protected boolean canConvertFrom(Message<?> message, @Nullable Class<?> targetClass) {
        return targetClass != String.class && super.canConvertFrom(message, targetClass);
    }
}
