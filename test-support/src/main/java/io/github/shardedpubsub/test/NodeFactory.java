package io.github.shardedpubsub.test;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * What all servers of a cluster have in common, from which one more can be made.
 *
 * @param folder where each gets a folder of its own
 * @param configuration lines of {@code redis.conf}
 * @param password of the servers, or an empty text
 */
record NodeFactory(ServerBinary server, Path folder, List<String> configuration, String password) {

    /**
     * A node with a free port that has not been started yet.
     *
     * @param awaitRejoined what a restart waits for
     */
    RedisNode create(Consumer<RedisNode> awaitRejoined) {
        int port = LoopbackPorts.free();
        List<String> lines = new ArrayList<>(configuration);
        lines.add("port " + port);
        lines.add("cluster-port " + (port + LoopbackPorts.BUS_OFFSET));
        ServerProcess process = new ServerProcess(server.path(), folder.resolve("node-" + port), lines);
        return new RedisNode(port, process, password, awaitRejoined);
    }
}
