package io.github.shardedpubsub.autoconfigure;

import io.github.shardedpubsub.pipe.PubSubFence;
import io.lettuce.core.cluster.SlotHash;
import io.lettuce.core.protocol.CommandHandler;
import io.lettuce.core.pubsub.PubSubCommandHandler;
import io.lettuce.core.resource.ClientResources;
import org.jspecify.annotations.Nullable;
import org.springframework.aot.hint.MemberCategory;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;
import org.springframework.aot.hint.TypeReference;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.AnyNestedCondition;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.data.redis.autoconfigure.LettuceClientConfigurationBuilderCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;
import org.springframework.context.annotation.ImportRuntimeHints;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;

/**
 * Auto-configuration of the fence in the application's own Lettuce connections: the client of the connection factory that Spring
 * Boot makes, for a cluster or not. Where sharded pub/sub is switched off, it must be asked for.
 */
@AutoConfiguration
@ConditionalOnClass({PubSubCommandHandler.class, LettuceClientConfigurationBuilderCustomizer.class})
@Conditional(ShardedPubSubLettuceAutoConfiguration.OnFence.class)
@EnableConfigurationProperties(ShardedPubSubProperties.class)
@ImportRuntimeHints(ShardedPubSubLettuceAutoConfiguration.Hints.class)
public final class ShardedPubSubLettuceAutoConfiguration {

    @Bean
    @ConditionalOnMissingBean
    PubSubFence shardedPubSubFence() {
        return new PubSubFence(SlotHash::getSlot);
    }

    /** The last one, so that the resources are those that all other customizers have left there, with what is in them. */
    @Bean
    @Order(Ordered.LOWEST_PRECEDENCE)
    LettuceClientConfigurationBuilderCustomizer shardedPubSubFenceCustomizer(PubSubFence fence) {
        return builder -> builder.build()
                .getClientResources()
                .ifPresent(resources -> builder.clientResources(fence.around(resources)));
    }

    static final class OnFence extends AnyNestedCondition {

        OnFence() {
            super(ConfigurationPhase.PARSE_CONFIGURATION);
        }

        @ConditionalOnBooleanProperty("sharded-pubsub.lettuce.fence")
        static final class AskedFor {}

        @ConditionalOnBooleanProperty(
                prefix = "sharded-pubsub",
                name = {"enabled", "lettuce.fence"},
                matchIfMissing = true)
        static final class NotSwitchedOff {}
    }

    static final class Hints implements RuntimeHintsRegistrar {

        @Override
        public void registerHints(RuntimeHints hints, @Nullable ClassLoader classLoader) {
            hints.proxies().registerJdkProxy(ClientResources.class);
            hints.reflection()
                    .registerType(ClientResources.class, MemberCategory.INVOKE_PUBLIC_METHODS)
                    .registerType(TypeReference.of(CommandHandler.class), type -> type.withField("clientOptions"))
                    .registerType(TypeReference.of(PubSubCommandHandler.class), type -> type.withField("codec"));
        }
    }
}
