package io.github.shardedpubsub.pipe;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;

/** Writes down what a pipe tells, and what it says to the futures it has given out, in one order. */
final class RecordingListener implements PipeListener {

    final List<String> events = new CopyOnWriteArrayList<>();

    final List<Outcome> finished = new CopyOnWriteArrayList<>();

    private final ChannelTable<KnownChannel> channels = new ChannelTable<>();

    /** Messages of this channel are to come by a channel that is known, and are written down as others are. */
    void know(String channel) {
        this.channels.put(new KnownChannel(channel));
    }

    void watch(String name, CompletableFuture<Outcome> outcome) {
        outcome.thenAccept(what -> this.events.add(name + ": " + text(what)));
    }

    static String text(Outcome outcome) {
        if (outcome instanceof Outcome.Refused refused) {
            return "refused " + refused.error().code();
        }
        return outcome instanceof Outcome.Confirmed ? "confirmed" : "unknown";
    }

    boolean saw(String event) {
        return this.events.contains(event);
    }

    long count(String event) {
        return this.events.stream().filter(event::equals).count();
    }

    @Override
    public void connected() {
        this.events.add("connected");
    }

    @Override
    public void connectFailed(Throwable cause) {
        this.events.add("connect failed");
    }

    @Override
    public void disconnected(String reason) {
        this.events.add("disconnected");
    }

    @Override
    public ChannelTable<?> channels() {
        return this.channels;
    }

    @Override
    public void message(PipeChannel channel, byte[] payload) {
        assertThat(channel).isSameAs(this.channels.get(channel.name()));
        message(channel.name(), payload);
    }

    @Override
    public void message(ChannelName channel, byte[] payload) {
        this.events.add("message " + channel + " " + new String(payload, StandardCharsets.ISO_8859_1));
    }

    @Override
    public void endedByServer(ChannelName channel) {
        this.events.add("ended " + channel);
    }

    @Override
    public void unitFinished(Outcome outcome, Duration took) {
        this.finished.add(outcome);
    }

    @Override
    public void outOfStep(String seen) {
        this.events.add("out of step");
    }
}
