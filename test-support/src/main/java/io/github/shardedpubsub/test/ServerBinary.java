package io.github.shardedpubsub.test;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A {@code redis-server} (or {@code valkey-server}) program that has been seen to run on this machine.
 *
 * @param version as it gives it itself, such as {@code Redis 7.0.15}
 */
record ServerBinary(Path path, String version) {

    /** The system property that names another program than the one that comes with {@code org.signal:embedded-redis}. */
    static final String PROPERTY = "redis.server";

    private static final String EMBEDDED = "redis-server-7.0.15-";
    private static final int OLDEST_MAJOR = 7;
    private static final long VERSION_SECONDS = 20;
    private static final Pattern VERSION = Pattern.compile("(\\w+) server v=((\\d+)\\.[\\w.-]+)");

    /**
     * The program asked for, or else the one of the system property {@value #PROPERTY}, or else the embedded one, unpacked into the folder.
     */
    static ServerBinary find(@Nullable Path asked, Path folder) {
        if (asked != null) {
            return check(asked, "given to the builder", folder);
        }
        String property = System.getProperty(PROPERTY, "").strip();
        if (!property.isEmpty()) {
            return check(Path.of(property), "given by -D" + PROPERTY, folder);
        }
        return check(unpack(folder), "unpacked from org.signal:embedded-redis", folder);
    }

    private static Path unpack(Path folder) {
        String resource = EMBEDDED + system() + "-" + architecture();
        Path program = folder.resolve("redis-server");
        try (InputStream bytes = ServerBinary.class.getClassLoader().getResourceAsStream(resource)) {
            if (bytes == null) {
                throw new RedisClusterException(
                        "There is no '" + resource + "' on the class path: org.signal:embedded-redis is missing, has"
                                + " another version, or brings no server for this machine ("
                                + System.getProperty("os.name") + ", "
                                + System.getProperty("os.arch") + "). " + otherServer());
            }
            Files.copy(bytes, program);
        } catch (IOException full) {
            throw new RedisClusterException(
                    "The embedded redis-server cannot be written to " + program + ": " + full
                            + ". The folder for temporary files must have room for it; -Djava.io.tmpdir=FOLDER takes another.",
                    full);
        }
        if (!program.toFile().setExecutable(true)) {
            throw new RedisClusterException(
                    program + " cannot be made executable. -Djava.io.tmpdir=FOLDER takes another folder.");
        }
        return program;
    }

    private static String system() {
        String name = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        if (name.contains("linux")) {
            return "linux";
        }
        return name.contains("mac") ? "darwin" : name.replace(' ', '-');
    }

    private static String architecture() {
        String name = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
        return switch (name) {
            case "amd64", "x86_64" -> "amd64";
            case "aarch64", "arm64" -> "arm64";
            case "x86", "i386", "i686" -> "386";
            default -> name;
        };
    }

    private static ServerBinary check(Path given, String origin, Path folder) {
        Path program = given.toAbsolutePath();
        String what = "The server " + program + " (" + origin + ") ";
        if (!Files.isRegularFile(program)) {
            throw new RedisClusterException(what + "is no file. " + otherServer());
        }
        if (!Files.isExecutable(program)) {
            throw new RedisClusterException(what + "is not executable. Try 'chmod +x', or: " + otherServer());
        }
        String said = sayVersion(program, what, folder);
        Matcher version = VERSION.matcher(said);
        if (!version.find()) {
            throw new RedisClusterException(
                    what + "does not give its version when asked with --version, so it is no redis-server or"
                            + " valkey-server, or one for another processor or system. It said: '" + said.strip()
                            + "'. " + otherServer());
        }
        if (Integer.parseInt(version.group(3)) < OLDEST_MAJOR) {
            throw new RedisClusterException(what + "is " + version.group(1) + " " + version.group(2)
                    + ", and sharded pub/sub came with Redis " + OLDEST_MAJOR + ". " + otherServer());
        }
        return new ServerBinary(program, version.group(1) + " " + version.group(2));
    }

    private static String sayVersion(Path program, String what, Path folder) {
        Path output = folder.resolve("version.txt");
        try {
            Process process = start(new ProcessBuilder(program.toString(), "--version")
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile()));
            if (!process.waitFor(VERSION_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new RedisClusterException(what + "did not end within " + VERSION_SECONDS
                        + " s when asked for its --version. " + otherServer());
            }
            return Files.readString(output);
        } catch (IOException cannotRun) {
            throw new RedisClusterException(
                    what + "cannot be run: " + cannotRun.getMessage()
                            + ". It may be made for another processor or system, or lie on a file system mounted 'noexec'. "
                            + otherServer(),
                    cannotRun);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new RedisClusterException(
                    "Interrupted while " + program + " was asked for its version.", interrupted);
        }
    }

    /**
     * Starts a process; patient where the program's file is "busy": a process forked at the same moment by another thread holds the file open
     * for writing until it has become what it is to be.
     */
    static Process start(ProcessBuilder builder) throws IOException {
        for (int tries = 1; ; tries++) {
            try {
                return builder.start();
            } catch (IOException failed) {
                boolean busy = String.valueOf(failed.getMessage()).contains("error=26");
                if (!busy || tries == 100) {
                    throw failed;
                }
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
            }
        }
    }

    private static String otherServer() {
        return "Give a redis-server or valkey-server of this machine with -D" + PROPERTY
                + "=PATH or RedisCluster.builder().server(path).";
    }
}
