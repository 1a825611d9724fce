package io.github.shardedpubsub.sample;

import io.github.shardedpubsub.sample.EventHistory.Event;
import io.github.shardedpubsub.sample.EventHistory.Kind;
import io.lettuce.core.cluster.SlotHash;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is different between two looks at the cluster.
 */
final class ClusterChanges {

    private ClusterChanges() {}

    static List<Event> between(List<ClusterNodes.Node> before, List<ClusterNodes.Node> after) {
        Map<String, ClusterNodes.Node> earlier = byAddress(before);
        List<Event> changes = new ArrayList<>();
        for (ClusterNodes.Node node : after) {
            Kind kind = kind(earlier.get(node.address()), node);
            if (kind != null) {
                changes.add(Event.of(kind, 1, node.address(), null));
            }
        }
        changes.addAll(moves(earlier, after));
        return changes;
    }

    private static @Nullable Kind kind(ClusterNodes.@Nullable Node before, ClusterNodes.Node after) {
        if (before == null) {
            return Kind.NODE_ADDED;
        }
        if (before.role().equals(after.role())) {
            return null;
        }
        return switch (after.role()) {
            case "DOWN" -> Kind.NODE_DOWN;
            case "MASTER" -> before.role().equals("REPLICA") ? Kind.PROMOTED : Kind.NODE_UP;
            default -> before.role().equals("MASTER") ? Kind.DEMOTED : Kind.NODE_UP;
        };
    }

    /** From one master to another only: what a promoted replica takes over has not moved. */
    private static List<Event> moves(Map<String, ClusterNodes.Node> earlier, List<ClusterNodes.Node> after) {
        @Nullable String[] owners = new @Nullable String[SlotHash.SLOT_COUNT];
        for (ClusterNodes.Node node : after) {
            ClusterNodes.Node before = earlier.get(node.address());
            if (before != null
                    && before.isMaster()
                    && node.isMaster()
                    && !before.ranges().equals(node.ranges())) {
                SlotRanges.parse(before.ranges()).stream().forEach(slot -> owners[slot] = node.address());
            }
        }
        Map<List<String>, Integer> counts = new LinkedHashMap<>();
        for (ClusterNodes.Node node : after) {
            ClusterNodes.Node before = earlier.get(node.address());
            if (node.isMaster() && (before == null || before.isMaster())) {
                SlotRanges.parse(node.ranges()).stream()
                        .mapToObj(slot -> owners[slot])
                        .filter(owner -> owner != null && !owner.equals(node.address()))
                        .forEach(owner -> counts.merge(List.of(owner, node.address()), 1, Integer::sum));
            }
        }
        return counts.entrySet().stream()
                .map(entry -> Event.of(
                        Kind.SLOTS_MOVED,
                        entry.getValue(),
                        entry.getKey().get(0),
                        entry.getKey().get(1)))
                .toList();
    }

    private static Map<String, ClusterNodes.Node> byAddress(List<ClusterNodes.Node> nodes) {
        Map<String, ClusterNodes.Node> byAddress = new LinkedHashMap<>();
        nodes.forEach(node -> byAddress.put(node.address(), node));
        return byAddress;
    }
}
