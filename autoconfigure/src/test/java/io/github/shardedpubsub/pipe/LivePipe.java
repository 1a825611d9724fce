package io.github.shardedpubsub.pipe;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.shardedpubsub.test.RedisNode;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisURI;
import io.lettuce.core.resource.ClientResources;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;

/** A pipe to a real node, whose outcomes are waited for. */
final class LivePipe implements AutoCloseable {

    static final Duration LIMIT = Duration.ofSeconds(20);

    final RecordingListener listener = new RecordingListener();

    final Pipe pipe;

    LivePipe(ClientResources resources, RedisURI uri, PipeSettings settings) {
        this.pipe = new PipeConnector(resources, ClientOptions.create(), settings).open(uri, this.listener);
    }

    static LivePipe connected(ClientResources resources, RedisNode node) {
        return connected(resources, uri(node));
    }

    static LivePipe connected(ClientResources resources, RedisURI uri) {
        LivePipe pipe = new LivePipe(resources, uri, PipeSettings.DEFAULTS);
        pipe.awaitConnected();
        return pipe;
    }

    static RedisURI uri(RedisNode node) {
        return RedisURI.create(node.host(), node.port());
    }

    static void await(Callable<Boolean> condition) {
        Awaitility.await()
                .atMost(LIMIT)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(1))
                .until(condition);
    }

    void awaitConnected() {
        await(this.pipe::isConnected);
    }

    void awaitEvent(String event) {
        await(() -> this.listener.saw(event));
    }

    CompletableFuture<Outcome> subscribe(String... channels) {
        return this.pipe.subscribe(EmbeddedPipe.names(channels));
    }

    CompletableFuture<Outcome> unsubscribe(String... channels) {
        return this.pipe.unsubscribe(EmbeddedPipe.names(channels));
    }

    static void assertConfirmed(CompletableFuture<Outcome> outcome) {
        assertThat(outcome(outcome)).isEqualTo("confirmed");
    }

    static void assertRefused(CompletableFuture<Outcome> outcome, String code) {
        assertThat(outcome(outcome)).isEqualTo("refused " + code);
    }

    static String outcome(CompletableFuture<Outcome> outcome) {
        return RecordingListener.text(
                outcome.orTimeout(LIMIT.toSeconds(), TimeUnit.SECONDS).join());
    }

    /** Whether a message published at the node arrives here. */
    void assertReceives(RedisNode node, String channel) {
        int before = this.listener.events.size();
        node.command("SPUBLISH", channel, "ping " + before);
        awaitEvent("message " + channel + " ping " + before);
    }

    @Override
    public void close() {
        this.pipe.closeAsync().join();
    }
}
