package io.github.shardedpubsub.subscription;

import io.lettuce.core.cluster.SlotHash;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who serves which slot, as several nodes see it together. They settle it in the same way: of two that claim a slot, the one of the
 * higher config epoch has it; and what a node says of itself is newer than what others say of it. Never changed.
 */
final class SlotOwners {

    /** Behind every claim that its owner does not make itself. */
    private static final long DENIED = Long.MIN_VALUE / 2;

    private final @Nullable NodeAddress[] owners = new NodeAddress[SlotHash.SLOT_COUNT];

    private final Set<NodeAddress> upstreams = new LinkedHashSet<>();

    private SlotOwners() {}

    /** From one view or several. */
    static SlotOwners of(Collection<ClusterNodes> views) {
        List<ClusterNodes> members =
                views.stream().filter(view -> isMember(view, views)).toList();
        Map<String, ClusterNodes.Line> selves = new HashMap<>();
        for (ClusterNodes view : members) {
            ClusterNodes.Line self = view.myself();
            if (self != null) {
                selves.put(self.id(), self);
            }
        }
        SlotOwners all = new SlotOwners();
        long[] ranks = new long[SlotHash.SLOT_COUNT];
        Arrays.fill(ranks, Long.MIN_VALUE);
        for (ClusterNodes view : members) {
            for (ClusterNodes.Line line : view.lines()) {
                all.claim(line, selves.get(line.id()), ranks);
            }
        }
        return all;
    }

    /** One that no other knows has been forgotten, and does not know it. */
    private static boolean isMember(ClusterNodes view, Collection<ClusterNodes> views) {
        ClusterNodes.Line self = view.myself();
        return views.size() == 1
                || self != null && views.stream().anyMatch(other -> other != view && other.knows(self.id()));
    }

    private void claim(ClusterNodes.Line line, ClusterNodes.@Nullable Line self, long[] ranks) {
        NodeAddress address = line.address();
        if (address == null || !line.isUpstream()) {
            return;
        }
        if (!line.isGone() && (self == null || self.isUpstream())) {
            this.upstreams.add(self != null && self.address() != null ? self.address() : address);
        }
        for (int slot = line.owned().nextSetBit(0);
                slot >= 0 && slot < ranks.length;
                slot = line.owned().nextSetBit(slot + 1)) {
            boolean denied = self != null && !self.owned().get(slot);
            long rank = line.configEpoch() + (denied ? DENIED : 0);
            if (rank > ranks[slot]) {
                ranks[slot] = rank;
                this.owners[slot] = address;
            }
        }
    }

    /** Null if no node claims the slot. */
    @Nullable
    NodeAddress ownerOf(int slot) {
        return this.owners[slot];
    }

    /** Whether both say the same of every slot, and know the same nodes. */
    boolean agreesWith(SlotOwners other) {
        return Arrays.equals(this.owners, other.owners) && this.upstreams.equals(other.upstreams);
    }

    /** Also those without slots, and none that is known to have failed. */
    Collection<NodeAddress> upstreams() {
        return this.upstreams;
    }
}
