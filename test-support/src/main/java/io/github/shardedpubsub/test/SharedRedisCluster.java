package io.github.shardedpubsub.test;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * A cluster for all tests that ask for one like it, until no test is left. Thread-safe.
 */
final class SharedRedisCluster implements AutoCloseable {

    /**
     * What the cluster is like.
     *
     * @param image empty for processes of this machine
     * @param configuration lines of {@code redis.conf}
     */
    record Shape(int masters, int replicas, boolean tls, String image, List<String> configuration) {

        static Shape of(WithRedisCluster annotation) {
            return new Shape(
                    annotation.masters(),
                    annotation.replicas(),
                    annotation.tls(),
                    annotation.image(),
                    List.of(annotation.configuration()));
        }

        private RedisCluster start() {
            RedisClusterBuilder builder = image.isEmpty() ? RedisCluster.builder() : RedisCluster.containers(image);
            builder.masters(masters).replicas(replicas);
            if (tls) {
                builder.tls();
            }
            for (String line : configuration) {
                String[] keyAndValue = line.strip().split("\\s+", 2);
                builder.configuration(keyAndValue[0], keyAndValue.length > 1 ? keyAndValue[1] : "");
            }
            return builder.start();
        }
    }

    private static final Map<Shape, SharedRedisCluster> shared = new ConcurrentHashMap<>();

    private final Shape shape;
    private final Set<AutoCloseable> users = ConcurrentHashMap.newKeySet();
    private @Nullable RedisCluster cluster;

    private SharedRedisCluster(Shape shape) {
        this.shape = shape;
    }

    static SharedRedisCluster of(Shape shape) {
        return shared.computeIfAbsent(shape, SharedRedisCluster::new);
    }

    /** The cluster, which the first call starts. */
    synchronized RedisCluster get() {
        if (cluster == null) {
            cluster = shape.start();
        }
        return cluster;
    }

    /** Closes this before the cluster. */
    void usedBy(AutoCloseable user) {
        users.add(user);
    }

    void leftBy(AutoCloseable user) {
        users.remove(user);
    }

    @Override
    public synchronized void close() throws Exception {
        shared.remove(shape, this);
        for (AutoCloseable user : users) {
            user.close();
        }
        if (cluster != null) {
            cluster.close();
        }
    }
}
