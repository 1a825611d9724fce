package io.github.shardedpubsub.test;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A client of one node, beside the node's own connection.
 */
final class TestClient implements AutoCloseable {

    private final RespConnection connection;

    TestClient(RedisNode node) {
        try {
            connection = new RespConnection(node.port(), Duration.ofSeconds(5), Duration.ofSeconds(5));
        } catch (IOException refused) {
            throw new UncheckedIOException(refused);
        }
    }

    @Nullable
    Object call(String... command) {
        try {
            return connection
                    .call(StandardCharsets.UTF_8, List.of(List.of(command)))
                    .get(0);
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    /** Whether the server has closed the connection. */
    boolean isEnded() {
        try {
            call("PING");
            return false;
        } catch (UncheckedIOException ended) {
            return true;
        }
    }

    @Override
    public void close() {
        connection.close();
    }
}
