package io.github.shardedpubsub.test;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The nodes of a cluster, and what they say of each other when asked.
 *
 * <p>Nothing is remembered of roles and slots: every question goes to the servers, which are the only ones to know. Thread-safe.
 */
final class Membership {

    private final List<RedisNode> nodes = new CopyOnWriteArrayList<>();
    private final Set<RedisNode> outside = ConcurrentHashMap.newKeySet();
    private boolean closed;

    /** Adds a node that has not been started yet; refused once the cluster is closed, so that none escapes its end. */
    synchronized void add(RedisNode node) {
        if (closed) {
            throw new RedisClusterException("This cluster is closed. Start another.");
        }
        nodes.add(node);
    }

    /** Lets no further node in, and returns those that are. */
    synchronized List<RedisNode> close() {
        closed = true;
        return all();
    }

    void remove(RedisNode node) {
        nodes.remove(node);
        outside.remove(node);
    }

    /** Notes that a node has left the others' company by a reset, and is not to be counted until it has met them again. */
    void setOutside(RedisNode node, boolean isOutside) {
        if (isOutside) {
            outside.add(node);
        } else {
            outside.remove(node);
        }
    }

    List<RedisNode> all() {
        return List.copyOf(nodes);
    }

    /** The members that can be expected to answer: neither dead, nor frozen, nor outside. */
    List<RedisNode> answering() {
        return nodes.stream()
                .filter(node -> node.isAnswering() && !outside.contains(node))
                .collect(Collectors.toList());
    }

    List<RedisNode> answeringExcept(RedisNode excluded) {
        List<RedisNode> others = answering();
        others.remove(excluded);
        return others;
    }

    Map<RedisNode, ClusterView> views() {
        Map<RedisNode, ClusterView> views = new LinkedHashMap<>();
        for (RedisNode node : answering()) {
            try {
                views.put(node, node.view());
            } catch (RedisClusterException unanswered) {
                if (node.isAnswering()) {
                    throw unanswered;
                }
                // Killed or frozen while it was asked: then it does not count any more.
            }
        }
        return views;
    }

    List<RedisNode> masters() {
        return masters(views());
    }

    static List<RedisNode> masters(Map<RedisNode, ClusterView> views) {
        return withRole(true, views);
    }

    List<RedisNode> replicas() {
        return withRole(false, views());
    }

    private static List<RedisNode> withRole(boolean master, Map<RedisNode, ClusterView> views) {
        return views.entrySet().stream()
                .filter(entry -> entry.getValue().own().isMaster() == master)
                .map(Map.Entry::getKey)
                .toList();
    }

    List<RedisNode> replicasOf(RedisNode master) {
        return views().entrySet().stream()
                .filter(entry -> entry.getValue().own().masterId().equals(master.id()))
                .map(Map.Entry::getKey)
                .toList();
    }

    /** A master other than the given one, one with slots if there is one. */
    RedisNode otherMaster(RedisNode excluded) {
        RedisNode other = null;
        for (Map.Entry<RedisNode, ClusterView> entry : views().entrySet()) {
            ClusterView.Member own = entry.getValue().own();
            if (entry.getKey() != excluded && own.isMaster()) {
                if (!own.slots().isEmpty()) {
                    return entry.getKey();
                }
                other = entry.getKey();
            }
        }
        if (other == null) {
            throw new RedisClusterException("There is no master other than " + excluded + ". addNode() makes one.");
        }
        return other;
    }

    RedisNode byId(String id) {
        return nodes.stream()
                .filter(node -> node.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new RedisClusterException(
                        "There is no node " + id + " in this cluster; its nodes: " + nodes + "."));
    }

    /**
     * The slot's owner: the node that says so itself, or, where none does, the one the others take for it. Among several the one with the highest
     * config epoch, which is the one they will agree on.
     */
    @Nullable
    RedisNode owner(int slot) {
        return owner(slot, views());
    }

    @Nullable
    RedisNode owner(int slot, Map<RedisNode, ClusterView> views) {
        List<ClusterView.Member> claims = new ArrayList<>();
        for (ClusterView view : views.values()) {
            if (view.own().slots().get(slot)) {
                claims.add(view.own());
            }
        }
        if (claims.isEmpty()) {
            for (ClusterView view : views.values()) {
                view.members().values().stream()
                        .filter(member -> member.slots().get(slot))
                        .forEach(claims::add);
            }
        }
        ClusterView.Member best = null;
        for (ClusterView.Member claim : claims) {
            if (best == null || claim.configEpoch() > best.configEpoch()) {
                best = claim;
            }
        }
        return best == null ? null : byId(best.id());
    }

    /** The slots that anybody takes for the node's. */
    BitSet slotsSeenAt(RedisNode node) {
        BitSet slots = new BitSet(RedisCluster.SLOTS);
        for (ClusterView view : views().values()) {
            ClusterView.Member seen = view.member(node.id());
            if (seen != null) {
                slots.or(seen.slots());
            }
        }
        return slots;
    }

    /** The tails of all logs. */
    String evidence() {
        return nodes.stream().map(RedisNode::evidence).collect(Collectors.joining());
    }
}
