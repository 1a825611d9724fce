package io.github.shardedpubsub.subscription;

import io.github.shardedpubsub.pipe.ChannelName;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A shard channel of our own at one node, through which numbers are sent to ourselves. It is in a slot of which the node holds
 * channels, so that it goes the same way as theirs.
 */
final class NodeProbe {

    /** Users who restrict channels must permit these. */
    static final String PREFIX = "sharded-pubsub:probe:";

    final ChannelName channel;

    final int slot;

    private long lastSent;

    /** Set on the event loop. */
    private volatile long lastHeard;

    /**
     * Finds a name for the slot.
     *
     * @param sender a name of this application's own, so that others' numbers are not taken for ours
     */
    NodeProbe(String sender, int slot) {
        this.channel = OwnChannels.name(PREFIX + sender, slot);
        this.slot = slot;
    }

    byte[] nextNumber() {
        return Long.toString(++this.lastSent).getBytes(StandardCharsets.US_ASCII);
    }

    /** Whether the last number sent has come back. */
    boolean isHeard() {
        return this.lastHeard == this.lastSent;
    }

    /** Called on the event loop. */
    void take(byte[] payload) {
        long next = this.lastHeard + 1;
        if (Arrays.equals(payload, Long.toString(next).getBytes(StandardCharsets.US_ASCII))) {
            this.lastHeard = next;
        }
    }
}
