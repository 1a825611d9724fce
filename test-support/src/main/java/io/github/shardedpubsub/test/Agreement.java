package io.github.shardedpubsub.test;

import io.github.shardedpubsub.test.ClusterView.Member;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Whether the nodes of a cluster see the same cluster, and if not, what is amiss, in words.
 */
final class Agreement {

    private final Membership membership;

    Agreement(Membership membership) {
        this.membership = membership;
    }

    /** Waits until there is nothing to complain of, each slot has a living owner, and every node calls the cluster's state "ok". */
    void awaitWhole(Patience patience) {
        patience.await(
                "all nodes to see the same, whole cluster",
                "A slot without a living owner keeps the cluster from being whole: restart() its master, or forceFailover() to a replica of it."
                        + " With fewer than three masters that own slots, a failure is never agreed upon, and no replica takes over by itself.",
                () -> complaintOf(views -> {
                    String complaint = onTheCluster(views);
                    return complaint != null ? complaint : onWholeness(views);
                }));
    }

    /**
     * What keeps the living nodes from agreeing: on who is there, on roles, on epochs, on slots; or null.
     */
    @Nullable
    String complaint() {
        return complaintOf(Agreement::onTheCluster);
    }

    /**
     * That a node does not call the cluster's state "ok" though each slot has a living owner, or null. A master that has just started, or
     * started again, serves nothing for about 2 s even then.
     */
    @Nullable
    String complaintAboutStateOf(RedisNode node) {
        return complaintOf(views -> {
            BitSet served = new BitSet(RedisCluster.SLOTS);
            views.values().forEach(view -> served.or(view.own().slots()));
            boolean whole = served.cardinality() == RedisCluster.SLOTS;
            return whole && !saysOk(node) ? node + " does not call the state of the cluster 'ok' yet" : null;
        });
    }

    /**
     * What keeps the living nodes from agreeing on the owner of some slots, or null.
     *
     * <p>They must also know the owner's newest config epoch. A master that takes a slot takes the next higher epoch it knows of, so one that has
     * not heard of the last takes the same again, and an older claim on a slot then beats a newer one.
     *
     * @param owner null where the slots are to have none
     */
    @Nullable
    String complaintAbout(Collection<Integer> slots, @Nullable RedisNode owner) {
        return complaintOf(views -> onSlots(slots, owner, views));
    }

    private @Nullable String complaintOf(Function<Map<RedisNode, ClusterView>, @Nullable String> question) {
        try {
            return question.apply(membership.views());
        } catch (RedisClusterException unanswered) {
            return unanswered.headline();
        }
    }

    private static @Nullable String onTheCluster(Map<RedisNode, ClusterView> views) {
        if (views.isEmpty()) {
            return "no node is alive";
        }
        for (Map.Entry<RedisNode, ClusterView> viewer : views.entrySet()) {
            String complaint = onOneView(viewer.getKey(), viewer.getValue(), views);
            if (complaint != null) {
                return complaint;
            }
        }
        String collision = onEpochs(views);
        return collision != null ? collision : onReplicasLinks(views);
    }

    private static @Nullable String onOneView(RedisNode viewer, ClusterView view, Map<RedisNode, ClusterView> views) {
        for (Member member : view.members().values()) {
            if (member.isInHandshake()) {
                return viewer + " is still shaking hands with another node";
            }
        }
        for (Map.Entry<RedisNode, ClusterView> other : views.entrySet()) {
            RedisNode node = other.getKey();
            Member itself = other.getValue().own();
            Member seen = view.member(node.id());
            if (seen == null) {
                return viewer + " does not know " + node;
            }
            if (seen.isFailing() || !seen.connected()) {
                return viewer + " sees " + node + " as " + seen.flags()
                        + (seen.connected() ? "" : ", with no link to it");
            }
            if (seen.isMaster() != itself.isMaster() || !seen.masterId().equals(itself.masterId())) {
                return viewer + " does not know yet that " + node + " is "
                        + (itself.isMaster() ? "a master" : "a replica of " + itself.masterId());
            }
            // A higher one than its own is left from the time before a reset, and harms nobody.
            if (itself.isMaster() && seen.configEpoch() < itself.configEpoch()) {
                return viewer + " knows " + node + " by epoch " + seen.configEpoch() + ", not " + itself.configEpoch();
            }
            if (itself.isMaster() && !seen.slots().equals(itself.slots())) {
                BitSet difference = (BitSet) itself.slots().clone();
                difference.xor(seen.slots());
                return viewer + " and " + node + " differ on whether slot " + difference.nextSetBit(0)
                        + " is the latter's (" + difference.cardinality() + " such slots)";
            }
        }
        return null;
    }

    /** Two masters of one epoch: the servers settle it by themselves soon, and until then either may take slots from the other. */
    private static @Nullable String onEpochs(Map<RedisNode, ClusterView> views) {
        Map<Long, RedisNode> epochs = new HashMap<>();
        for (Map.Entry<RedisNode, ClusterView> entry : views.entrySet()) {
            Member own = entry.getValue().own();
            if (own.isMaster() && own.configEpoch() > 0) {
                RedisNode twin = epochs.put(own.configEpoch(), entry.getKey());
                if (twin != null) {
                    return twin + " and " + entry.getKey() + " have the same epoch, " + own.configEpoch();
                }
            }
        }
        return null;
    }

    private static @Nullable String onReplicasLinks(Map<RedisNode, ClusterView> views) {
        Set<String> answering = ids(views);
        for (Map.Entry<RedisNode, ClusterView> entry : views.entrySet()) {
            boolean masterAnswers = answering.contains(entry.getValue().own().masterId());
            if (masterAnswers && !entry.getKey().command("INFO", "replication").contains("master_link_status:up")) {
                return entry.getKey() + ", a replica, has no link to its master yet";
            }
        }
        return null;
    }

    private static @Nullable String onWholeness(Map<RedisNode, ClusterView> views) {
        Set<String> answering = ids(views);
        for (Map.Entry<RedisNode, ClusterView> entry : views.entrySet()) {
            for (Member owner : entry.getValue().members().values()) {
                // The others may not have noticed yet, and call the state "ok" until they do.
                if (!owner.slots().isEmpty() && !answering.contains(owner.id())) {
                    return entry.getKey() + " still has " + owner.slots().cardinality() + " slots down for "
                            + owner.id() + ", which does not run or is frozen";
                }
            }
            if (!saysOk(entry.getKey())) {
                return entry.getKey() + " does not call the state of the cluster 'ok'";
            }
        }
        return null;
    }

    private static @Nullable String onSlots(
            Collection<Integer> slots, @Nullable RedisNode owner, Map<RedisNode, ClusterView> views) {
        ClusterView ownersView = owner == null ? null : views.get(owner);
        String ownerId = owner == null ? null : owner.id();
        for (Map.Entry<RedisNode, ClusterView> entry : views.entrySet()) {
            for (int slot : slots) {
                String seen = entry.getValue().owner(slot);
                if (!Objects.equals(seen, ownerId)) {
                    return entry.getKey() + " says that slot " + slot + " is "
                            + (seen == null ? "nobody's" : "owned by " + seen);
                }
            }
            if (ownerId != null && ownersView != null) {
                Member seenOwner = entry.getValue().member(ownerId);
                long epoch = ownersView.own().configEpoch();
                if (seenOwner == null || seenOwner.configEpoch() < epoch) {
                    return entry.getKey() + " does not know yet of epoch " + epoch + " of " + owner;
                }
            }
        }
        return null;
    }

    private static boolean saysOk(RedisNode node) {
        return node.command("CLUSTER", "INFO").contains("cluster_state:ok");
    }

    private static Set<String> ids(Map<RedisNode, ClusterView> views) {
        return views.keySet().stream().map(RedisNode::id).collect(Collectors.toSet());
    }
}
