package io.github.shardedpubsub.autoconfigure;

import io.lettuce.core.ClientOptions;
import io.netty.handler.ssl.SslContextBuilder;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.springframework.boot.data.redis.autoconfigure.DataRedisConnectionDetails;
import org.springframework.boot.data.redis.autoconfigure.LettuceClientOptionsBuilderCustomizer;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.ssl.SslManagerBundle;
import org.springframework.core.Ordered;

/**
 * Has each TLS connection that Lettuce opens, or opens again, use the SSL bundle as it is at that moment. Spring Boot gives Lettuce the
 * one that it finds at the start, and a bundle that is reloaded has not reached any connection.
 */
final class CurrentSslBundle implements LettuceClientOptionsBuilderCustomizer, Ordered {

    private static final Log logger = LogFactory.getLog(CurrentSslBundle.class);

    private final DataRedisConnectionDetails details;

    CurrentSslBundle(DataRedisConnectionDetails details) {
        this.details = details;
    }

    @Override
    public void customize(ClientOptions.Builder options) {
        if (this.details.getSslBundle() != null) {
            options.sslOptions(options.build()
                    .getSslOptions()
                    .mutate()
                    .sslContext(this::useCurrent)
                    .build());
        }
    }

    /** Says so when the bundle is reloaded; without a handler of it Spring Boot warns that this might have no effect. */
    void logReloads(SslBundles bundles, String name) {
        if (bundles.getBundleNames().contains(name)) {
            bundles.addBundleUpdateHandler(
                    name,
                    reloaded -> logger.info(
                            "SSL bundle '" + name + "' is reloaded: connections to Redis that are opened from now"
                                    + " on use it, and those that stand stay as they are"));
        }
    }

    /** Called for each connection, when Lettuce has put into it what it was given at the start. */
    private void useCurrent(SslContextBuilder context) {
        SslBundle bundle = this.details.getSslBundle();
        if (bundle != null) {
            SslManagerBundle managers = bundle.getManagers();
            context.keyManager(managers.getKeyManagerFactory()).trustManager(managers.getTrustManagerFactory());
        }
    }

    /** The first, so that SSL options of the application's own customizers are what they were set to. */
    @Override
    public int getOrder() {
        return Ordered.HIGHEST_PRECEDENCE;
    }
}
