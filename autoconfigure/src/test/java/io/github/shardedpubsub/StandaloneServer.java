package io.github.shardedpubsub;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import redis.embedded.RedisExecProvider;
import redis.embedded.RedisServer;
import redis.embedded.util.OS;

/** A server that is not one of a cluster; the program is the one that {@code -Dredis.server} names, or else the embedded one. */
public final class StandaloneServer implements AutoCloseable {

    private final RedisServer server;

    private final int port;

    public StandaloneServer() {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            this.port = free.getLocalPort();
        } catch (IOException ex) {
            throw new IllegalStateException(ex);
        }
        RedisExecProvider program = RedisExecProvider.defaultProvider();
        String property = System.getProperty("redis.server", "").strip();
        if (!property.isEmpty()) {
            for (OS system : OS.values()) {
                program.override(system, property);
            }
        }
        this.server = RedisServer.builder()
                .redisExecProvider(program)
                .bind("127.0.0.1")
                .port(this.port)
                .setting("save \"\"")
                .build();
        this.server.start();
    }

    public int port() {
        return this.port;
    }

    @Override
    public void close() {
        this.server.stop();
    }
}
