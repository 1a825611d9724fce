package io.github.shardedpubsub.test;

import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.StoreScope;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.platform.commons.support.AnnotationSupport;

/** The half of {@link WithRedisCluster} that is for JUnit. */
final class RedisClusterExtension implements BeforeAllCallback, ParameterResolver {

    private static final Namespace NAMESPACE = Namespace.create(RedisClusterExtension.class);

    /**
     * Has the cluster closed at the end of the session: application contexts are kept for later test classes and even later runs.
     */
    @Override
    public void beforeAll(ExtensionContext context) {
        shared(context);
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == RedisCluster.class;
    }

    @Override
    public RedisCluster resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return shared(context).get();
    }

    private static SharedRedisCluster shared(ExtensionContext context) {
        Class<?> testClass = context.getRequiredTestClass();
        WithRedisCluster annotation = AnnotationSupport.findAnnotation(
                        testClass, WithRedisCluster.class, context.getEnclosingTestClasses())
                .orElseThrow(() -> new IllegalStateException("@WithRedisCluster is missing at " + testClass));
        return context.getStore(StoreScope.LAUNCHER_SESSION, NAMESPACE)
                .computeIfAbsent(
                        SharedRedisCluster.Shape.of(annotation), SharedRedisCluster::of, SharedRedisCluster.class);
    }
}
