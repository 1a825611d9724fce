package io.github.shardedpubsub.subscription;

import io.github.shardedpubsub.pipe.ChannelName;
import io.lettuce.core.cluster.SlotHash;
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
        this.channel = ChannelName.of(PREFIX + sender + ":{" + tag(slot) + "}");
        this.slot = slot;
    }

    /** Found after some 16,384 tries, which take a millisecond or two. */
    private static int tag(int slot) {
        int tag = 0;
        while (SlotHash.getSlot(Integer.toString(tag).getBytes(StandardCharsets.US_ASCII)) != slot) {
            tag++;
        }
        return tag;
    }

    byte[] nextNumber() {
        return Long.toString(++this.lastSent).getBytes(StandardCharsets.US_ASCII);
    }

    /** Whether the last number sent has come back. */
    boolean isHeard() {
        return this.lastHeard == this.lastSent;
    }

    /** Returns whether the message was ours. Called on the event loop. */
    boolean take(ChannelName name, byte[] payload) {
        if (!this.channel.equals(name)) {
            return false;
        }
        long next = this.lastHeard + 1;
        if (Arrays.equals(payload, Long.toString(next).getBytes(StandardCharsets.US_ASCII))) {
            this.lastHeard = next;
        }
        return true;
    }
}
