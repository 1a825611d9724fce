package io.github.shardedpubsub.test;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The temporary folder of a cluster: its servers' program, configurations, data and logs.
 */
record ServerFolder(Path path) {

    private static final Logger log = LoggerFactory.getLogger(ServerFolder.class);

    ServerFolder() {
        this(create());
    }

    private static Path create() {
        try {
            return Files.createTempDirectory("redis-cluster-");
        } catch (IOException full) {
            throw new RedisClusterException(
                    "No folder can be made for the servers: " + full + ". -Djava.io.tmpdir=FOLDER takes another place.",
                    full);
        }
    }

    void delete() {
        try (Stream<Path> everything = Files.walk(path)) {
            for (Path entry : everything.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(entry);
            }
        } catch (IOException inUse) {
            log.warn("The folder {} of a cluster cannot be deleted: {}", path, inUse.toString());
        }
    }
}
