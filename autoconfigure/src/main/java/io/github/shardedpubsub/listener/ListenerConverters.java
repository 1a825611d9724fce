package io.github.shardedpubsub.listener;

import java.util.ArrayList;
import java.util.List;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.data.redis.config.RedisListenerConfigurer;
import org.springframework.data.redis.serializer.RedisMessageConverters;
import org.springframework.messaging.converter.MessageConverter;
import org.springframework.util.ClassUtils;
import tools.jackson.databind.json.JsonMapper;

/**
 * What annotated listeners read payloads with: the application's own converters first, then JSON by the application's
 * {@link JsonMapper}, where Jackson is there, then those of Spring Data.
 */
public final class ListenerConverters {

    private static final boolean JACKSON_PRESENT =
            ClassUtils.isPresent("tools.jackson.databind.json.JsonMapper", ListenerConverters.class.getClassLoader());

    private ListenerConverters() {}

    /** All of them as one, so that what is published can be written with what it is read with. */
    public static MessageConverter of(BeanFactory factory) {
        return RedisMessageConverters.createMessageConverter(
                builder -> configurers(factory).forEach(configurer -> configurer.configureMessageConverters(builder)));
    }

    static List<RedisListenerConfigurer> configurers(BeanFactory factory) {
        List<RedisListenerConfigurer> configurers =
                new ArrayList<>(factory.getBeanProvider(RedisListenerConfigurer.class)
                        .orderedStream()
                        .toList());
        if (JACKSON_PRESENT) {
            // behind the application's converters, and before those of Spring Data
            configurers.add(new JsonConfigurer(factory));
        }
        return configurers;
    }

    /** A class of its own, since Jackson may not be there. */
    private record JsonConfigurer(BeanFactory factory) implements RedisListenerConfigurer {

        @Override
        public void configureMessageConverters(RedisMessageConverters.Builder builder) {
            JsonMapper mapper = this.factory.getBeanProvider(JsonMapper.class).getIfUnique();
            builder.addCustomConverter(new JsonPayloadConverter(
                    mapper != null
                            ? mapper
                            : JsonMapper.builder().findAndAddModules().build()));
        }
    }
}
