package io.github.shardedpubsub.benchmark.client;

import io.lettuce.core.cluster.SlotHash;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/** Which node serves which slot, as one node said once. */
public final class SlotTable {

    private final String[] owners = new String[SlotHash.SLOT_COUNT];

    private SlotTable() {}

    /** Asks a node, {@code host:port}. */
    public static SlotTable ask(String seed) throws IOException {
        SlotTable table = new SlotTable();
        try (RawConnection connection = new RawConnection(seed)) {
            List<?> ranges = (List<?>) Objects.requireNonNull(connection.call("CLUSTER", "SLOTS"));
            for (Object range : ranges) {
                List<?> fields = (List<?>) range;
                List<?> master = (List<?>) fields.get(2);
                String address = master.get(0) + ":" + master.get(1);
                for (long slot = (Long) fields.get(0); slot <= (Long) fields.get(1); slot++) {
                    table.owners[(int) slot] = address;
                }
            }
        }
        return table;
    }

    /** The address, {@code host:port}, of the node that serves a channel. */
    public String ownerOf(String channel) {
        return this.owners[SlotHash.getSlot(channel)];
    }

    /** The channels of each node, by its address, in their order. */
    public Map<String, List<String>> byNode(List<String> channels) {
        Map<String, List<String>> nodes = new TreeMap<>();
        channels.forEach(channel -> nodes.computeIfAbsent(ownerOf(channel), address -> new ArrayList<>())
                .add(channel));
        return nodes;
    }

    /** The channels of each slot, since no command may name channels of two. */
    public static List<List<String>> bySlot(List<String> channels) {
        Map<Integer, List<String>> slots = new LinkedHashMap<>();
        channels.forEach(channel -> slots.computeIfAbsent(SlotHash.getSlot(channel), slot -> new ArrayList<>())
                .add(channel));
        return List.copyOf(slots.values());
    }
}
