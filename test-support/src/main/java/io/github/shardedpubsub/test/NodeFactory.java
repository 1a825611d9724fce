package io.github.shardedpubsub.test;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * What all servers of a cluster have in common, from which one more can be made.
 *
 * @param configuration lines of {@code redis.conf}
 */
record NodeFactory(ServerHost host, List<String> configuration, ServerAccess access) {

    /**
     * A node with a free port that has not been started yet.
     *
     * @param awaitRejoined what a restart waits for
     */
    RedisNode create(Consumer<RedisNode> awaitRejoined) {
        int port = host.freePort();
        List<String> lines = new ArrayList<>(configuration);
        lines.add(access.portSetting(port));
        lines.add("cluster-port " + (port + LoopbackPorts.BUS_OFFSET));
        return new RedisNode(port, host.create(port, lines), access, awaitRejoined);
    }
}
