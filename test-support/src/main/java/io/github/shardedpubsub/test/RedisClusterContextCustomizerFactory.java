package io.github.shardedpubsub.test;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.config.ConstructorArgumentValues;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.test.context.ContextConfigurationAttributes;
import org.springframework.test.context.ContextCustomizer;
import org.springframework.test.context.ContextCustomizerFactory;
import org.springframework.test.context.MergedContextConfiguration;
import org.springframework.test.context.TestContextAnnotationUtils;
import org.springframework.util.ClassUtils;

/** The half of {@link WithRedisCluster} that is for Spring: it connects the application of a test to the cluster. */
final class RedisClusterContextCustomizerFactory implements ContextCustomizerFactory {

    private static final String CONNECTION_DETAILS =
            "org.springframework.boot.data.redis.autoconfigure.DataRedisConnectionDetails";

    private static final String BEAN_NAME = "redisClusterConnectionDetails";

    @Override
    public @Nullable ContextCustomizer createContextCustomizer(
            Class<?> testClass, List<ContextConfigurationAttributes> configuration) {
        if (!ClassUtils.isPresent(CONNECTION_DETAILS, testClass.getClassLoader())) {
            return null;
        }
        WithRedisCluster annotation =
                TestContextAnnotationUtils.findMergedAnnotation(testClass, WithRedisCluster.class);
        return annotation != null ? new Customizer(SharedRedisCluster.Shape.of(annotation)) : null;
    }

    /** Equal for equal clusters, so that test classes share an application context as well. */
    private record Customizer(SharedRedisCluster.Shape shape) implements ContextCustomizer {

        @Override
        public void customizeContext(ConfigurableApplicationContext context, MergedContextConfiguration configuration) {
            SharedRedisCluster cluster = SharedRedisCluster.of(shape);
            cluster.usedBy(context);
            context.addApplicationListener((ApplicationListener<ContextClosedEvent>) event -> cluster.leftBy(context));
            BeanDefinitionRegistry beans = (BeanDefinitionRegistry) context.getBeanFactory();
            // a context that was processed ahead of time has it already
            if (!beans.containsBeanDefinition(BEAN_NAME)) {
                beans.registerBeanDefinition(BEAN_NAME, connectionDetails());
            }
        }

        /** Of plain values, so that it can also be processed ahead of time. */
        private RootBeanDefinition connectionDetails() {
            RootBeanDefinition definition = new RootBeanDefinition(RedisClusterConnectionDetails.class);
            definition.setFactoryMethodName("shared");
            ConstructorArgumentValues arguments = definition.getConstructorArgumentValues();
            arguments.addIndexedArgumentValue(0, shape.masters());
            arguments.addIndexedArgumentValue(1, shape.replicas());
            arguments.addIndexedArgumentValue(2, shape.tls());
            arguments.addIndexedArgumentValue(3, shape.image());
            arguments.addIndexedArgumentValue(4, shape.configuration().toArray(String[]::new));
            return definition;
        }
    }
}
