package io.github.shardedpubsub.pipe;

import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * A command that a server answers by exactly one reply, be it an error, and by no push. Immutable.
 */
public final class PlainCommand {

    /** What the server knows of this connection, as {@code name=value} pairs; {@code ssub} counts its shard channels. */
    public static final PlainCommand CLIENT_INFO = new PlainCommand(words("CLIENT", "INFO"));

    /** The cluster as the node sees it; the slots on their way to and from it show in its own line alone. */
    public static final PlainCommand CLUSTER_NODES = new PlainCommand(words("CLUSTER", "NODES"));

    /** The name of the node's shard (Redis from 7.2 on, Valkey). */
    public static final PlainCommand CLUSTER_MYSHARDID = new PlainCommand(words("CLUSTER", "MYSHARDID"));

    /** For the next command alone: the node may serve a slot that it is importing. */
    static final PlainCommand ASKING = new PlainCommand(words("ASKING"));

    private final List<byte[]> words;

    private PlainCommand(List<byte[]> words) {
        this.words = words;
    }

    /** {@code SPUBLISH}. The reply counts the receivers at the node that answers. */
    public static PlainCommand publish(ChannelName channel, byte[] payload) {
        return publish("SPUBLISH", channel, payload);
    }

    /** {@code PUBLISH}, which the node passes on to all others. The reply counts the receivers at the node that answers. */
    public static PlainCommand publishClassic(ChannelName channel, byte[] payload) {
        return publish("PUBLISH", channel, payload);
    }

    private static PlainCommand publish(String command, ChannelName channel, byte[] payload) {
        return new PlainCommand(
                List.of(command.getBytes(StandardCharsets.US_ASCII), channel.toBytes(), payload.clone()));
    }

    private static List<byte[]> words(String... words) {
        return List.of(words).stream()
                .map(word -> word.getBytes(StandardCharsets.US_ASCII))
                .toList();
    }

    /** What is sent; for reading only. */
    public List<byte[]> words() {
        return this.words;
    }

    @Override
    public String toString() {
        return new String(this.words.get(0), StandardCharsets.US_ASCII)
                + (this.words.size() > 1 ? " " + new String(this.words.get(1), StandardCharsets.UTF_8) : "");
    }
}
