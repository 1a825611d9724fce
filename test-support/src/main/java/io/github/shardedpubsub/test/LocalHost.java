package io.github.shardedpubsub.test;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * This machine: the servers are processes, with a temporary folder for what they need.
 */
final class LocalHost implements ServerHost {

    private final ServerFolder folder;
    private final ServerBinary server;

    private LocalHost(ServerFolder folder, ServerBinary server) {
        this.folder = folder;
        this.server = server;
    }

    /**
     * @param program to run; the default one if null
     */
    static LocalHost of(@Nullable Path program) {
        ServerFolder folder = new ServerFolder();
        try {
            return new LocalHost(folder, ServerBinary.find(program, folder.path()));
        } catch (RuntimeException cannotRun) {
            folder.delete();
            throw cannotRun;
        }
    }

    @Override
    public String version() {
        return server.version();
    }

    @Override
    public Map<String, String> configuration() {
        return Map.of("bind", LoopbackPorts.HOST, "enable-debug-command", "local");
    }

    @Override
    public int freePort() {
        return LoopbackPorts.free();
    }

    @Override
    public ServerProcess create(int port, List<String> configuration) {
        return new LocalProcess(server.path(), folder.path().resolve("node-" + port), configuration);
    }

    @Override
    public Path folder() {
        return folder.path();
    }

    @Override
    public void close() {
        folder.delete();
    }

    @Override
    public String toString() {
        return folder.path().toString();
    }
}
