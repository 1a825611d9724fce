package io.github.shardedpubsub.test;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import javax.net.SocketFactory;
import org.jspecify.annotations.Nullable;

/**
 * A client of one node, beside the node's own connection.
 */
final class TestClient implements AutoCloseable {

    private final RespConnection connection;
    private int fences;

    TestClient(RedisNode node) {
        try {
            connection = new RespConnection(
                    SocketFactory.getDefault(), node.port(), Duration.ofSeconds(5), Duration.ofSeconds(5));
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

    /**
     * Sends a command, and returns in a word what came of it: the error's code, the name of the push that confirms it, or the reply.
     */
    String outcome(String... command) {
        Object reply = call(command);
        if (reply instanceof RespConnection.ErrorReply error) {
            return error.text().split(" ", 2)[0];
        }
        return reply instanceof List<?> push ? String.valueOf(push.get(0)) : String.valueOf(reply);
    }

    /**
     * All that the server has sent so far without being asked, each a push as {@code "sunsubscribe a"} or {@code "smessage a text"}, up to the
     * answer to a PING.
     */
    List<String> heard() {
        String fence = "fence " + fences++;
        List<String> heard = new ArrayList<>();
        try {
            connection.send(StandardCharsets.UTF_8, List.of(List.of("PING", fence)));
            while (true) {
                Object reply = connection.receive(StandardCharsets.UTF_8, 1).get(0);
                // it is a push while something is subscribed, and a plain text once nothing is
                if (fence.equals(reply) || reply instanceof List<?> pong && pong.contains(fence)) {
                    return heard;
                }
                if (!(reply instanceof List<?> push)) {
                    throw new AssertionError("not a push: " + reply);
                }
                heard.add(push.stream()
                        .filter(String.class::isInstance)
                        .map(String::valueOf)
                        .collect(Collectors.joining(" ")));
            }
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
