package io.github.shardedpubsub.subscription;

import io.github.shardedpubsub.pipe.ChannelName;
import io.lettuce.core.cluster.SlotHash;
import java.nio.charset.StandardCharsets;

/** Names of shard channels that we use ourselves, in a slot of our choice. */
final class OwnChannels {

    private OwnChannels() {}

    /** To be told from other applications. */
    static String newSender(Timeline timeline) {
        return Long.toHexString((long) (timeline.random() * Long.MAX_VALUE));
    }

    /** Found after some 16,384 tries, which take a millisecond or two. */
    static ChannelName name(String prefix, int slot) {
        int tag = 0;
        while (SlotHash.getSlot(Integer.toString(tag).getBytes(StandardCharsets.US_ASCII)) != slot) {
            tag++;
        }
        return ChannelName.of(prefix + ":{" + tag + "}");
    }
}
