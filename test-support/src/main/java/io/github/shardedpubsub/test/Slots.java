package io.github.shardedpubsub.test;

import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/**
 * Slot numbers, and channel names that fall into them.
 */
final class Slots {

    private static final int NAMES_TRIED = 1_000_000;

    private Slots() {}

    static void require(int slot) {
        if (slot < 0 || slot >= RedisCluster.SLOTS) {
            throw new IllegalArgumentException(
                    "There is no slot " + slot + "; slots go from 0 to " + (RedisCluster.SLOTS - 1) + ".");
        }
    }

    static List<Integer> list(int... slots) {
        Arrays.stream(slots).forEach(Slots::require);
        return Arrays.stream(slots).boxed().toList();
    }

    /** The first of prefix-0, prefix-1 and so on that lies in one of the slots. */
    static String channelIn(BitSet slots, String prefix) {
        for (int i = 0; i < NAMES_TRIED; i++) {
            String channel = prefix + "-" + i;
            if (slots.get(RedisCluster.slot(channel))) {
                return channel;
            }
        }
        throw new IllegalArgumentException(
                "No channel beginning with '" + prefix + "' lies in the slots asked for, after " + NAMES_TRIED
                        + " tries. A part in braces decides the slot alone: leave it out.");
    }
}
