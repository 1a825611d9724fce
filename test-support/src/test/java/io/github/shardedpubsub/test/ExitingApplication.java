package io.github.shardedpubsub.test;

/**
 * Starts a cluster, says which processes it has, and exits without closing it.
 */
final class ExitingApplication {

    private ExitingApplication() {}

    public static void main(String[] args) {
        RedisCluster cluster = RedisCluster.start(1, 1);
        cluster.nodes().forEach(node -> System.out.println("pid " + node.pid()));
        System.exit(0);
    }
}
