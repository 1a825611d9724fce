package io.github.shardedpubsub.test;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Servers becoming a cluster: started, introduced to each other, given slots and masters.
 *
 * <p>Not thread-safe: its cluster lets one operation in at a time.
 */
final class Formation {

    private static final String ADVICE =
            "The machine may be overloaded, or something keeps the servers from the loopback ports of the cluster bus.";

    private static final Logger log = LoggerFactory.getLogger(Formation.class);

    private final Membership membership;
    private final Agreement agreement;
    private final Replication replication;
    private final Patience patience;
    private final NodeFactory factory;

    Formation(
            Membership membership,
            Agreement agreement,
            Replication replication,
            Patience patience,
            NodeFactory factory) {
        this.membership = membership;
        this.agreement = agreement;
        this.replication = replication;
        this.patience = patience;
        this.factory = factory;
    }

    void form(int masters, int replicasPerMaster) {
        List<RedisNode> nodes = startAll(masters * (1 + replicasPerMaster));
        for (int i = 0; i < nodes.size(); i++) {
            // Epochs of their own from the start: else all have epoch 0, and settling who has which takes several
            // rounds of gossip.
            nodes.get(i).command("CLUSTER", "SET-CONFIG-EPOCH", Integer.toString(i + 1));
        }
        for (int i = 0; i < masters; i++) {
            int from = i * RedisCluster.SLOTS / masters;
            int to = (i + 1) * RedisCluster.SLOTS / masters - 1;
            nodes.get(i).command("CLUSTER", "ADDSLOTSRANGE", Integer.toString(from), Integer.toString(to));
        }
        for (int i = 0; i < nodes.size(); i++) {
            for (int j = i + 1; j < nodes.size(); j++) {
                // Everybody with everybody: gossip would take seconds to spread the word of the others.
                meet(nodes.get(i), nodes.get(j));
            }
        }
        for (int i = masters; i < nodes.size(); i++) {
            replication.reparent(nodes.get(i), nodes.get((i - masters) % masters));
        }
    }

    RedisNode addOne() {
        RedisNode added = startAll(1).get(0);
        meetAll(added);
        awaitServing("all nodes to know " + added, added);
        log.info("Added {}", added);
        return added;
    }

    void forget(RedisNode node) {
        BitSet slots = membership.slotsSeenAt(node);
        if (!slots.isEmpty()) {
            throw new RedisClusterException(
                    node + " still owns " + slots.cardinality() + " slots, and they would be lost. drain() it first.");
        }
        List<RedisNode> replicas = membership.replicasOf(node);
        if (!replicas.isEmpty()) {
            throw new RedisClusterException(
                    node + " is still the master of " + replicas + ". reparent() or forget() them first.");
        }
        for (RedisNode other : membership.answeringExcept(node)) {
            other.command("CLUSTER", "FORGET", node.id());
        }
        node.retire();
        membership.remove(node);
        log.info("Forgot {}", node);
    }

    void reset(RedisNode node) {
        log.info("Resetting {}", node);
        membership.setOutside(node, true);
        try {
            node.command("CLUSTER", "RESET", "SOFT");
        } catch (RedisReplyException refused) {
            membership.setOutside(node, false);
            throw refused;
        }
    }

    void rejoin(RedisNode node) {
        meetAll(node);
        membership.setOutside(node, false);
        awaitServing("all nodes to know " + node + " again", node);
    }

    private void awaitRestarted(RedisNode node) {
        if (awaitAnswers(node)) {
            throw new RedisClusterException("The server at " + node.address()
                    + " cannot start again: another program has taken its port since." + node.evidence());
        }
        awaitServing(node + " to be one of the cluster again", node);
    }

    /** A node that has just started serves nothing yet, even where all see the same: keys cannot be moved to it. */
    private void awaitServing(String wanted, RedisNode node) {
        patience.await(wanted, ADVICE, () -> {
            String complaint = agreement.complaint();
            return complaint != null ? complaint : agreement.complaintAboutStateOf(node);
        });
    }

    private void meetAll(RedisNode node) {
        for (RedisNode other : membership.answeringExcept(node)) {
            meet(other, node);
        }
    }

    private static void meet(RedisNode one, RedisNode other) {
        one.command("CLUSTER", "MEET", other.host(), Integer.toString(other.port()), Integer.toString(other.busPort()));
    }

    private List<RedisNode> startAll(int count) {
        List<RedisNode> started = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            started.add(startNew());
        }
        for (int i = 0; i < count; i++) {
            RedisNode node = started.get(i);
            if (awaitAnswers(node)) {
                // Somebody else took the port between our look at it and the server's.
                membership.remove(node);
                RedisNode instead = startNew();
                started.set(i, instead);
                if (awaitAnswers(instead)) {
                    throw new RedisClusterException(
                            "The ports of a server were taken twice between being found free and being used."
                                    + instead.evidence());
                }
            }
        }
        return started;
    }

    private RedisNode startNew() {
        RedisNode node = factory.create(this::awaitRestarted);
        membership.add(node);
        node.start();
        return node;
    }

    /**
     * Waits until the server answers; true if it ended because its port was taken.
     */
    private boolean awaitAnswers(RedisNode node) {
        boolean[] portTaken = new boolean[1];
        patience.await("the server at " + node.address() + " to answer", ADVICE, () -> {
            if (!node.isAlive()) {
                if (node.logTail(10).contains("Address already in use")) {
                    portTaken[0] = true;
                    return null;
                }
                throw new RedisClusterException("The server at " + node.address() + " " + node.processEnd()
                        + " at once. Its log says why; a setting it does not know is the usual reason."
                        + node.evidence());
            }
            return learnId(node);
        });
        return portTaken[0];
    }

    private static @Nullable String learnId(RedisNode node) {
        try {
            node.learnId();
            return null;
        } catch (RedisReplyException refused) {
            if (refused.error().startsWith("LOADING")) {
                return refused.headline();
            }
            throw refused;
        } catch (RedisClusterException notYet) {
            return notYet.headline();
        }
    }
}
