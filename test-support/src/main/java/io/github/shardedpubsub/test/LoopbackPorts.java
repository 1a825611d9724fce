package io.github.shardedpubsub.test;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Free ports on the loopback address, in pairs: one for the clients and, 10000 above it, one for the cluster bus.
 */
final class LoopbackPorts {

    static final String HOST = "127.0.0.1";
    static final int BUS_OFFSET = 10_000;

    // Both of a pair lie below the ephemeral ports of Linux and macOS: no outgoing connection takes the port of a
    // killed server before it is started again.
    private static final int LOWEST = 11_000;
    private static final int COUNT = 11_000;

    // Ports are handed out in turn, from a place that differs from JVM to JVM, so that clusters started side by side do
    // not meet.
    private static final AtomicInteger next =
            new AtomicInteger(ThreadLocalRandom.current().nextInt(COUNT));

    private LoopbackPorts() {}

    /**
     * A port that was free a moment ago, as was the one of its bus.
     */
    static int free() {
        for (int tries = 0; tries < COUNT; tries++) {
            int port = LOWEST + Math.floorMod(next.getAndIncrement(), COUNT);
            if (isFree(port) && isFree(port + BUS_OFFSET)) {
                return port;
            }
        }
        throw new RedisClusterException(
                "None of the ports from " + LOWEST + " to " + (LOWEST + COUNT - 1) + " is free on " + HOST
                        + " together with the port " + BUS_OFFSET
                        + " above it, which the cluster bus needs. End some of the programs that listen there.");
    }

    private static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress(InetAddress.getByName(HOST), port), 1);
            return true;
        } catch (IOException taken) {
            return false;
        }
    }
}
