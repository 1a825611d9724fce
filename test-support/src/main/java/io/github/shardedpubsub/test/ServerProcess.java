package io.github.shardedpubsub.test;

import java.util.List;

/**
 * One server's process, and what outlives it: its configuration and data, so that it can be started again.
 *
 * <p>Thread-safe.
 */
interface ServerProcess {

    /** Starts it unless it runs, and does not wait until it answers. */
    void start();

    /** Whether it runs; a frozen one does. */
    boolean isAlive();

    boolean isFrozen();

    /** The process's number, or -1 while it has none. */
    long pid();

    /** How the process ended, as text. */
    String end();

    /** Ends the process with SIGKILL and returns when it is gone. */
    void kill();

    /** As {@link #kill()}, and it never starts again. */
    void retire();

    /** Stops it where it is, with its connections open. */
    void freeze();

    void thaw();

    /** The last lines of what the server said, or an empty text. */
    String logTail(int lines);

    static String tail(List<String> log, int lines) {
        return String.join(System.lineSeparator(), log.subList(Math.max(0, log.size() - lines), log.size()));
    }

    static RedisClusterException retired() {
        return new RedisClusterException(
                "This server's cluster is closed, or has forgotten it: it cannot be started again.");
    }

    static RedisClusterException notRunning(ServerProcess process) {
        return new RedisClusterException("There is no process to freeze or to thaw: the server " + process.end()
                + ". restart() brings it back.");
    }
}
