package io.github.shardedpubsub.pipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.shardedpubsub.test.RedisNode;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisURI;
import io.lettuce.core.resource.ClientResources;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/** A pipe to a live node and everything it has told, in order. */
final class LivePipe implements PipeListener, AutoCloseable {

    static final Duration SOON = Duration.ofSeconds(10);

    private final List<String> told = new CopyOnWriteArrayList<>();

    private final Pipe pipe;

    LivePipe(ClientResources resources, RedisURI uri, PipeSettings settings) {
        this.pipe = new PipeConnector(resources, ClientOptions.create(), settings).open(uri, this);
    }

    static LivePipe open(ClientResources resources, RedisNode node) {
        return open(resources, uri(node));
    }

    static LivePipe open(ClientResources resources, RedisURI uri) {
        LivePipe pipe = new LivePipe(resources, uri, PipeSettings.DEFAULTS);
        pipe.awaitTold("connected");
        return pipe;
    }

    static RedisURI uri(RedisNode node) {
        return RedisURI.create(node.host(), node.port());
    }

    Pipe pipe() {
        return this.pipe;
    }

    CompletableFuture<Outcome> subscribe(String... channels) {
        return this.pipe.subscribe(names(channels));
    }

    CompletableFuture<Outcome> unsubscribe(String... channels) {
        return this.pipe.unsubscribe(names(channels));
    }

    private static List<ChannelName> names(String... channels) {
        return Arrays.stream(channels).map(ChannelName::of).toList();
    }

    static Outcome outcome(CompletableFuture<Outcome> future) {
        return future.orTimeout(SOON.toSeconds(), TimeUnit.SECONDS).join();
    }

    static void assertConfirmed(CompletableFuture<Outcome> future) {
        assertThat(outcome(future)).isEqualTo(Outcome.CONFIRMED);
    }

    static void assertRefused(CompletableFuture<Outcome> future, String error) {
        assertThat(outcome(future))
                .isInstanceOfSatisfying(
                        Outcome.Refused.class,
                        refused -> assertThat(refused.error().message()).startsWith(error));
    }

    List<String> told() {
        return this.told;
    }

    long told(String what) {
        return this.told.stream().filter(what::equals).count();
    }

    void awaitTold(String start) {
        await().atMost(SOON)
                .pollInterval(Duration.ofMillis(5))
                .until(() -> this.told.stream().anyMatch(each -> each.startsWith(start)));
    }

    @Override
    public void connected() {
        this.told.add("connected");
    }

    @Override
    public void connectFailed(Throwable cause) {
        this.told.add("connectFailed: " + cause);
    }

    @Override
    public void disconnected(String reason) {
        this.told.add("disconnected: " + reason);
    }

    @Override
    public void message(ChannelName channel, byte[] payload) {
        this.told.add("message " + channel + " " + new String(payload, StandardCharsets.UTF_8));
    }

    @Override
    public void endedByServer(ChannelName channel) {
        this.told.add("ended " + channel);
    }

    @Override
    public void outOfStep(String seen) {
        this.told.add("outOfStep: " + seen);
    }

    @Override
    public void close() {
        this.pipe.closeAsync().orTimeout(SOON.toSeconds(), TimeUnit.SECONDS).join();
    }
}
