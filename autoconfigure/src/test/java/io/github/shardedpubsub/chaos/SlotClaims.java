package io.github.shardedpubsub.chaos;

import io.github.shardedpubsub.test.RedisNode;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/**
 * Who owns which slots, as one node sees it.
 *
 * @param itself the id of the node that was asked
 * @param slots by the id of the owner
 */
record SlotClaims(String itself, Map<String, BitSet> slots) {

    private static final int FIRST_SLOT_FIELD = 8;

    static SlotClaims of(RedisNode node) {
        Map<String, BitSet> slots = new HashMap<>();
        for (String line : node.command("CLUSTER", "NODES").lines().toList()) {
            String[] fields = line.strip().split(" ", -1);
            BitSet owned = new BitSet();
            for (int i = FIRST_SLOT_FIELD; i < fields.length; i++) {
                // "[866->-id]" is a slot on its way, and owned by whom it was owned before
                if (!fields[i].startsWith("[")) {
                    String[] ends = fields[i].split("-", -1);
                    owned.set(Integer.parseInt(ends[0]), Integer.parseInt(ends[ends.length - 1]) + 1);
                }
            }
            slots.put(fields[0], owned);
        }
        return new SlotClaims(node.id(), slots);
    }

    /** The slots the node says are its own. */
    BitSet own() {
        return ownedBy(this.itself);
    }

    BitSet ownedBy(String id) {
        return this.slots.getOrDefault(id, new BitSet());
    }
}
