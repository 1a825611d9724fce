package io.github.shardedpubsub.secured;

import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/** Gives the constructor of a test class a cluster that all its tests share, and that is closed after the last. */
final class SecuredClusterResolver implements ParameterResolver {

    private static final Namespace NAMESPACE = Namespace.create(SecuredClusterResolver.class);

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
        return parameter.getParameter().getType() == SecuredCluster.class;
    }

    @Override
    public SecuredCluster resolveParameter(ParameterContext parameter, ExtensionContext context) {
        return context.getStore(NAMESPACE)
                .computeIfAbsent(SecuredCluster.class, type -> new SecuredCluster(), SecuredCluster.class);
    }
}
