package io.github.shardedpubsub.test;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A server as a process of this machine, and the folder it lives in.
 */
final class LocalProcess implements ServerProcess {

    private static final long SIGNAL_SECONDS = 10;

    private final Path program;
    private final Path folder;
    private final Path log;
    private @Nullable Process process;
    private boolean frozen;
    private boolean retired;

    LocalProcess(Path program, Path folder, List<String> configuration) {
        this.program = program;
        this.folder = folder;
        this.log = folder.resolve("server.log");
        try {
            Files.createDirectory(folder);
            Files.write(folder.resolve("redis.conf"), configuration, StandardCharsets.UTF_8);
        } catch (IOException full) {
            throw new RedisClusterException(
                    "The configuration of a server cannot be written to " + folder + ": " + full
                            + ". -Djava.io.tmpdir=FOLDER takes another place.",
                    full);
        }
    }

    @Override
    public synchronized void start() {
        if (retired) {
            throw ServerProcess.retired();
        }
        if (isAlive()) {
            return;
        }
        try {
            frozen = false;
            process = ServerBinary.start(new ProcessBuilder(
                            program.toString(), folder.resolve("redis.conf").toString())
                    .directory(folder.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile())));
        } catch (IOException failed) {
            throw new RedisClusterException(
                    "The server " + program + " cannot be started: " + failed.getMessage() + ".", failed);
        }
    }

    @Override
    public synchronized boolean isAlive() {
        return process != null && process.isAlive();
    }

    @Override
    public synchronized boolean isFrozen() {
        return frozen && isAlive();
    }

    @Override
    public synchronized long pid() {
        return process != null && process.isAlive() ? process.pid() : -1;
    }

    @Override
    public synchronized String end() {
        return process == null
                ? "was never started"
                : process.isAlive() ? "runs" : "ended with exit code " + process.exitValue();
    }

    @Override
    public synchronized void kill() {
        if (process == null) {
            return;
        }
        frozen = false;
        process.destroyForcibly();
        try {
            if (!process.waitFor(SIGNAL_SECONDS, TimeUnit.SECONDS)) {
                throw new RedisClusterException("The process " + process.pid() + " still runs " + SIGNAL_SECONDS
                        + " s after SIGKILL; look at what it hangs in.");
            }
        } catch (InterruptedException interrupted) {
            // The signal is sent, and the kernel does the rest: not to wait leaves nothing undone.
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public synchronized void retire() {
        retired = true;
        kill();
    }

    @Override
    public synchronized void freeze() {
        signal("STOP");
        frozen = true;
    }

    @Override
    public synchronized void thaw() {
        signal("CONT");
        frozen = false;
    }

    private void signal(String name) {
        if (process == null || !process.isAlive()) {
            throw ServerProcess.notRunning(this);
        }
        String pid = Long.toString(process.pid());
        try {
            Process kill = new ProcessBuilder("kill", "-" + name, pid)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!kill.waitFor(SIGNAL_SECONDS, TimeUnit.SECONDS) || kill.exitValue() != 0) {
                throw new RedisClusterException("'kill -" + name + " " + pid + "' failed, though the process runs.");
            }
        } catch (IOException missing) {
            throw new RedisClusterException(
                    "The program 'kill' cannot be run, and freezing a server needs it: " + missing.getMessage(),
                    missing);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new RedisClusterException(
                    "Interrupted while sending SIG" + name + " to process " + pid + ".", interrupted);
        }
    }

    @Override
    public String logTail(int lines) {
        try {
            List<String> all = Files.readAllLines(log, StandardCharsets.ISO_8859_1);
            return ServerProcess.tail(all, lines);
        } catch (IOException nothingSaid) {
            return "";
        }
    }
}
