package io.github.shardedpubsub.test;

import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The cluster as one node sees it: its {@code CLUSTER NODES}.
 *
 * @param members all nodes it knows, by id
 * @param own its own line
 */
record ClusterView(Map<String, Member> members, Member own) {

    /**
     * One line of {@code CLUSTER NODES}.
     *
     * @param masterId the id of its master where it is a replica, or an empty text
     * @param connected whether the viewing node has a link to it
     */
    record Member(String id, Set<String> flags, String masterId, long configEpoch, boolean connected, BitSet slots) {

        boolean isMaster() {
            return flags.contains("master");
        }

        boolean isInHandshake() {
            return flags.contains("handshake");
        }

        boolean isFailing() {
            return flags.contains("fail") || flags.contains("fail?") || flags.contains("noaddr");
        }
    }

    static ClusterView parse(String clusterNodes) {
        Map<String, Member> members = new LinkedHashMap<>();
        Member own = null;
        for (String line : clusterNodes.split("\n", -1)) {
            if (line.isBlank()) {
                continue;
            }
            Member member = parseLine(line.strip());
            members.put(member.id(), member);
            if (member.flags().contains("myself")) {
                own = member;
            }
        }
        if (own == null) {
            throw new RedisClusterException("CLUSTER NODES has no line of the node itself: " + clusterNodes);
        }
        return new ClusterView(members, own);
    }

    private static Member parseLine(String line) {
        // id address flags master ping-sent pong-received config-epoch link-state slot…
        String[] fields = line.split(" ", -1);
        BitSet slots = new BitSet(RedisCluster.SLOTS);
        for (int i = 8; i < fields.length; i++) {
            // "[866->-id]" and "[866-<-id]" are slots on their way, owned by whom they were owned before.
            if (!fields[i].isEmpty() && fields[i].charAt(0) != '[') {
                String[] ends = fields[i].split("-", -1);
                slots.set(Integer.parseInt(ends[0]), Integer.parseInt(ends[ends.length - 1]) + 1);
            }
        }
        boolean connected = "connected".equals(fields[7]) || fields[2].contains("myself");
        String masterId = "-".equals(fields[3]) ? "" : fields[3];
        return new Member(
                fields[0], Set.of(fields[2].split(",", -1)), masterId, Long.parseLong(fields[6]), connected, slots);
    }

    @Nullable
    Member member(String id) {
        return members.get(id);
    }

    /** The id of the slot's owner, or null where it has none. */
    @Nullable
    String owner(int slot) {
        for (Member member : members.values()) {
            if (member.slots().get(slot)) {
                return member.id();
            }
        }
        return null;
    }
}
