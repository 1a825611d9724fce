package io.github.shardedpubsub.subscription;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The cluster as one node sees it: its {@code CLUSTER NODES}, line by line.
 */
record ClusterNodes(List<Line> lines) {

    /** What those are flagged with that serve nothing, or of which it is not known whether they are there. */
    private static final Set<String> GONE = Set.of("fail", "noaddr", "handshake");

    /**
     * One node, as the answering one sees it.
     *
     * @param address null if it has none
     * @param upstreamId the node that it is a replica of, {@code -} if it is an upstream node itself
     * @param configEpoch of two nodes that claim a slot, the one of the higher epoch has it
     * @param owned the slots that it serves
     * @param leaving those that have begun to move, with the id of the node that each goes to; shown in the answering node's own line
     *     only
     */
    record Line(
            String id,
            @Nullable NodeAddress address,
            Set<String> flags,
            String upstreamId,
            long configEpoch,
            BitSet owned,
            Map<Integer, String> leaving) {

        boolean isMyself() {
            return this.flags.contains("myself");
        }

        boolean isUpstream() {
            return this.flags.contains("master");
        }

        boolean isGone() {
            return this.flags.stream().anyMatch(GONE::contains);
        }
    }

    /**
     * Reads lines as {@code 07c3… 127.0.0.1:7000@17000,host myself,master - 0 0 1 connected 0-5460 [77->-e7d1…]}. A node that does not
     * know its announced name leaves the host empty and means itself.
     *
     * @param answering where this was asked for
     */
    static ClusterNodes parse(String clusterNodes, NodeAddress answering) {
        List<Line> lines = new ArrayList<>();
        for (String line : clusterNodes.split("\n", -1)) {
            String[] words = line.trim().split(" ", -1);
            if (words.length >= 8) {
                lines.add(line(words, answering));
            }
        }
        return new ClusterNodes(lines);
    }

    private static Line line(String[] words, NodeAddress answering) {
        BitSet owned = new BitSet();
        Map<Integer, String> leaving = new HashMap<>();
        for (int i = 8; i < words.length; i++) {
            String word = words[i];
            int arrow = word.indexOf("->-");
            if (!word.startsWith("[")) {
                int dash = word.indexOf('-');
                int first = Integer.parseInt(dash < 0 ? word : word.substring(0, dash));
                int last = dash < 0 ? first : Integer.parseInt(word.substring(dash + 1));
                owned.set(first, last + 1);
            } else if (arrow > 0) {
                leaving.put(Integer.valueOf(word.substring(1, arrow)), word.substring(arrow + 3, word.length() - 1));
            }
        }
        Set<String> flags = Set.of(words[2].split(",", -1));
        return new Line(
                words[0], address(words[1], answering), flags, words[3], Long.parseLong(words[6]), owned, leaving);
    }

    /** {@code ip:port@busport}, from Redis 7 on with {@code ,hostname} behind it where one is announced. */
    private static @Nullable NodeAddress address(String word, NodeAddress answering) {
        int at = word.indexOf('@');
        int comma = word.indexOf(',');
        String ipAndPort = at < 0 ? word : word.substring(0, at);
        int colon = ipAndPort.lastIndexOf(':');
        int port = colon < 0 ? 0 : Integer.parseInt(ipAndPort.substring(colon + 1));
        if (port == 0) {
            return null;
        }
        String ip = ipAndPort.substring(0, colon);
        String name = comma < 0 ? "" : word.substring(comma + 1).split(",", -1)[0];
        String host = !name.isEmpty() ? name : !ip.isEmpty() ? ip : answering.host();
        return new NodeAddress(host, port);
    }

    /** The answering node's own line; null if there is none. */
    @Nullable
    Line myself() {
        return this.lines.stream().filter(Line::isMyself).findFirst().orElse(null);
    }

    boolean knows(String id) {
        return this.lines.stream().anyMatch(line -> line.id().equals(id));
    }

    /** Null if the node is not known, or has no address. */
    @Nullable
    NodeAddress address(String id) {
        for (Line line : this.lines) {
            if (line.id().equals(id)) {
                return line.address();
            }
        }
        return null;
    }
}
