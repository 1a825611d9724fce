package io.github.shardedpubsub.test;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Where the servers of a cluster run, all of one version, each with a port of the loopback address. Its text says where, for the log.
 */
interface ServerHost {

    /** The servers' program and version as it gives it itself, such as {@code Redis 7.0.15}. */
    String version();

    /** What all servers have to be told because they run here: settings of {@code redis.conf}. */
    Map<String, String> configuration();

    /** A port for a server that has none yet. */
    int freePort();

    /**
     * A server that has not been started yet.
     *
     * @param port one of {@link #freePort()}
     * @param configuration lines of {@code redis.conf}
     */
    ServerProcess create(int port, List<String> configuration);

    /**
     * Where the servers' folders are.
     *
     * @throws UnsupportedOperationException if they have none on this machine
     */
    Path folder();

    /** Leaves nothing behind, once all servers are retired. */
    void close();
}
