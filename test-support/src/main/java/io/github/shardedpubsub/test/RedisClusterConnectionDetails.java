package io.github.shardedpubsub.test;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.data.redis.autoconfigure.DataRedisConnectionDetails;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.pem.PemSslStoreBundle;
import org.springframework.boot.ssl.pem.PemSslStoreDetails;

/**
 * How a Spring Boot application reaches a {@link RedisCluster}: as a bean it takes the place of the addresses, the password and the SSL bundle under
 * {@code spring.data.redis}.
 *
 * <p>It takes the optional dependency {@code org.springframework.boot:spring-boot-data-redis}. Thread-safe.
 */
public final class RedisClusterConnectionDetails implements DataRedisConnectionDetails {

    private final RedisCluster cluster;

    public RedisClusterConnectionDetails(RedisCluster cluster) {
        this.cluster = cluster;
    }

    /** Of the cluster that all tests share which ask for one like it. */
    static RedisClusterConnectionDetails shared(
            int masters, int replicas, boolean tls, String image, String[] configuration) {
        SharedRedisCluster.Shape shape =
                new SharedRedisCluster.Shape(masters, replicas, tls, image, List.of(configuration));
        return new RedisClusterConnectionDetails(SharedRedisCluster.of(shape).get());
    }

    /** What the servers were started with as {@code requirepass}, or null. */
    @Override
    public @Nullable String getPassword() {
        String password = cluster.password();
        return password.isEmpty() ? null : password;
    }

    /** Trusts the servers' certificate, if they speak TLS. */
    @Override
    public @Nullable SslBundle getSslBundle() {
        TlsIdentity servers = cluster.tlsIdentity();
        return servers == null
                ? null
                : SslBundle.of(new PemSslStoreBundle(
                        null,
                        PemSslStoreDetails.forCertificate(
                                servers.certificate().toUri().toString())));
    }

    /** The nodes that there are at the time of the call. */
    @Override
    public Cluster getCluster() {
        List<Node> nodes = cluster.nodes().stream()
                .map(node -> new Node(node.host(), node.port()))
                .toList();
        return () -> nodes;
    }
}
