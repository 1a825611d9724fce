package io.github.shardedpubsub.subscription;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The slots of one node as its own line of its own {@code CLUSTER NODES} has them: only there do slots show that are leaving it.
 *
 * @param owned those it serves, 0..16383
 * @param leaving those that have begun to move, with the node that each goes to; it serves them still
 * @param upstream the node that it is a replica of, null if it is an upstream node itself
 */
record NodeSlots(
        BitSet owned,
        Map<Integer, NodeAddress> leaving,
        @Nullable NodeAddress upstream) {

    /**
     * Reads {@code 07c3… 127.0.0.1:7000@17000,host myself,master - 0 0 1 connected 0-5460 [77->-e7d1…]}. A node that does not know its
     * announced name leaves the host empty and means itself.
     *
     * @return null if the answering node's own line is not there
     */
    static @Nullable NodeSlots parse(String clusterNodes, NodeAddress answering) {
        String[] lines = clusterNodes.split("\n", -1);
        for (String line : lines) {
            String[] words = line.trim().split(" ", -1);
            if (words.length >= 8 && words[2].contains("myself")) {
                return own(words, lines, answering);
            }
        }
        return null;
    }

    private static NodeSlots own(String[] words, String[] lines, NodeAddress answering) {
        BitSet owned = new BitSet();
        Map<Integer, NodeAddress> leaving = new HashMap<>();
        for (int i = 8; i < words.length; i++) {
            String word = words[i];
            int arrow = word.indexOf("->-");
            if (!word.startsWith("[")) {
                int dash = word.indexOf('-');
                int first = Integer.parseInt(dash < 0 ? word : word.substring(0, dash));
                int last = dash < 0 ? first : Integer.parseInt(word.substring(dash + 1));
                owned.set(first, last + 1);
            } else if (arrow > 0) {
                NodeAddress target = address(word.substring(arrow + 3, word.length() - 1), lines, answering);
                if (target != null) {
                    leaving.put(Integer.valueOf(word.substring(1, arrow)), target);
                }
            }
        }
        boolean replica = words[2].contains("slave") || words[2].contains("replica");
        return new NodeSlots(owned, leaving, replica ? address(words[3], lines, answering) : null);
    }

    private static @Nullable NodeAddress address(String nodeId, String[] lines, NodeAddress answering) {
        for (String line : lines) {
            if (line.startsWith(nodeId + " ")) {
                return address(line.split(" ", -1)[1], answering);
            }
        }
        return null;
    }

    /** {@code ip:port@busport}, from Redis 7 on with {@code ,hostname} behind it where one is announced. */
    private static @Nullable NodeAddress address(String word, NodeAddress answering) {
        int at = word.indexOf('@');
        int comma = word.indexOf(',');
        String ipAndPort = at < 0 ? word : word.substring(0, at);
        int colon = ipAndPort.lastIndexOf(':');
        if (colon < 0) {
            return null;
        }
        String ip = ipAndPort.substring(0, colon);
        String name = comma < 0 ? "" : word.substring(comma + 1).split(",", -1)[0];
        String host = !name.isEmpty() ? name : !ip.isEmpty() ? ip : answering.host();
        return new NodeAddress(host, Integer.parseInt(ipAndPort.substring(colon + 1)));
    }
}
