package io.github.shardedpubsub.sample;

import io.lettuce.core.cluster.SlotHash;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import org.springframework.stereotype.Component;

/**
 * What takes many steps: a node that joins and gets its share, and everything bad at once.
 */
@Component
class ClusterDrill {

    private static final int MOVES = 20;

    /** As slots with keys do. */
    private static final Duration TAKING = Duration.ofMillis(100);

    private static final int OTHER_STEPS = 5;

    private final ClusterNodes nodes;

    private final SlotMover mover;

    private final List<String> channels;

    ClusterDrill(ClusterNodes nodes, SlotMover mover, CourierLedger couriers) {
        this.nodes = nodes;
        this.mover = mover;
        this.channels = List.copyOf(couriers.byChannel().keySet());
    }

    /** Starts a master, and moves an even share of the channels' slots to it. */
    String addNode() {
        List<ClusterNodes.Node> masters = owners();
        int share = this.channels.size() / (masters.size() + 1);
        StringBuilder address = new StringBuilder();
        this.mover.stepwise(share + 1, steps -> {
            steps.next("Starting a node");
            ClusterNodes.Node added = this.nodes.add();
            address.append(added.address());
            for (int i = 0; i < share; i++) {
                steps.next("Moving slots to " + added.address());
                String channel = this.channels.get(i * this.channels.size() / share);
                this.nodes.move(SlotHash.getSlot(channel), added.id(), TAKING);
            }
        });
        return address + " has joined, and has the slots of " + share + " channels";
    }

    /**
     * Slots move, every connection is closed, a master is failed over, another one killed and started again: each at once after the
     * other.
     */
    String everythingAtOnce() {
        List<ClusterNodes.Node> masters =
                owners().stream().filter(this::hasReplica).toList();
        if (masters.size() < 2) {
            throw new NotPossibleException("It takes two masters with a replica each; restart what is down");
        }
        ClusterNodes.Node failing = masters.get(0);
        ClusterNodes.Node dying = masters.get(1);
        Overview.Progress done = this.mover.stepwise(3 * MOVES + OTHER_STEPS, steps -> {
            this.mover.moveOn(steps, "Moving slots", MOVES, TAKING);
            steps.next("Closing every subscriber's connection");
            this.nodes.closeSubscribers();
            this.mover.moveOn(steps, "Moving slots", MOVES, TAKING);
            steps.next("Failing " + failing.address() + " over");
            this.nodes.failover(failing.id());
            this.mover.moveOn(steps, "Moving slots", MOVES, TAKING);
            steps.next("Killing " + dying.address());
            this.nodes.kill(dying.id());
            steps.next("Waiting for its replica to take over");
            this.nodes.awaitWhole();
            steps.next("Starting " + dying.address() + " again");
            this.nodes.restart(dying.id());
        });
        return 3 * MOVES + " slots moved, every connection closed, " + failing.address() + " failed over, "
                + dying.address() + " killed and back, in " + done.millis() + " ms";
    }

    /** Masters with slots, those with most first. */
    private List<ClusterNodes.Node> owners() {
        return this.nodes.nodes().stream()
                .filter(node -> node.slots() > 0)
                .sorted(Comparator.comparingInt(ClusterNodes.Node::slots).reversed())
                .toList();
    }

    private boolean hasReplica(ClusterNodes.Node master) {
        return this.nodes.nodes().stream().anyMatch(node -> master.id().equals(node.upstream()));
    }
}
