package io.github.shardedpubsub.sample;

import java.util.BitSet;
import java.util.Collection;
import java.util.StringJoiner;

/**
 * Slots as people write them: {@code 0-5460,5462}. Short, and equal where the slots are.
 */
final class SlotRanges {

    private SlotRanges() {}

    static String of(Collection<Integer> slots) {
        BitSet set = new BitSet();
        slots.forEach(set::set);
        return of(set);
    }

    static String of(BitSet slots) {
        StringJoiner ranges = new StringJoiner(",");
        for (int first = slots.nextSetBit(0); first >= 0; ) {
            int end = slots.nextClearBit(first);
            ranges.add(first == end - 1 ? String.valueOf(first) : first + "-" + (end - 1));
            first = slots.nextSetBit(end);
        }
        return ranges.toString();
    }

    static BitSet parse(String ranges) {
        BitSet slots = new BitSet();
        if (!ranges.isEmpty()) {
            for (String range : ranges.split(",", -1)) {
                int dash = range.indexOf('-');
                int first = Integer.parseInt(dash < 0 ? range : range.substring(0, dash));
                slots.set(first, 1 + (dash < 0 ? first : Integer.parseInt(range.substring(dash + 1))));
            }
        }
        return slots;
    }
}
