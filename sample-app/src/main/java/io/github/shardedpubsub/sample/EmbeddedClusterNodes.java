package io.github.shardedpubsub.sample;

import io.github.shardedpubsub.test.RedisCluster;
import io.github.shardedpubsub.test.RedisClusterException;
import io.github.shardedpubsub.test.RedisNode;
import io.lettuce.core.cluster.models.partitions.ClusterPartitionParser;
import io.lettuce.core.cluster.models.partitions.RedisClusterNode;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;

/**
 * The cluster that the sample has brought along: everything may be done to it. Its nodes are looked at anew each time.
 */
class EmbeddedClusterNodes implements ClusterNodes {

    /** Every node is a process more on the visitor's machine. */
    private static final int MAX_NODES = 9;

    private final RedisCluster cluster;

    EmbeddedClusterNodes(RedisCluster cluster) {
        this.cluster = cluster;
    }

    @Override
    public List<Node> nodes() {
        return this.cluster.nodes().stream().map(EmbeddedClusterNodes::node).toList();
    }

    private static Node node(RedisNode node) {
        if (node.isAlive()) {
            try {
                return ClusterPartitionParser.parse(node.command("CLUSTER", "NODES")).stream()
                        .filter(each -> each.is(RedisClusterNode.NodeFlag.MYSELF))
                        .findFirst()
                        .map(myself -> new Node(
                                node.id(),
                                node.address(),
                                myself.getRole().isUpstream() ? "MASTER" : "REPLICA",
                                myself.getSlots().size(),
                                myself.getSlaveOf(),
                                SlotRanges.of(myself.getSlots())))
                        .orElseGet(() -> Node.down(node.id(), node.address()));
            } catch (RedisClusterException dying) {
                // it was alive a moment ago
            }
        }
        return Node.down(node.id(), node.address());
    }

    @Override
    public boolean ours() {
        return true;
    }

    @Override
    public Move moveOn(int slot, Duration taking) {
        RedisNode from = this.cluster.owner(slot);
        List<RedisNode> masters = this.cluster.masters().stream()
                .sorted(Comparator.comparingInt(RedisNode::port))
                .toList();
        if (masters.size() < 2) {
            throw new NotPossibleException("There is no other master to move slot " + slot + " to");
        }
        return move(slot, from, masters.get((masters.indexOf(from) + 1) % masters.size()), taking);
    }

    @Override
    public Move move(int slot, String id, Duration taking) {
        return move(slot, this.cluster.owner(slot), find(id), taking);
    }

    private Move move(int slot, RedisNode from, RedisNode to, Duration taking) {
        if (!from.equals(to) && taking.compareTo(Duration.ZERO) > 0) {
            to.command("CLUSTER", "SETSLOT", String.valueOf(slot), "IMPORTING", from.id());
            from.command("CLUSTER", "SETSLOT", String.valueOf(slot), "MIGRATING", to.id());
            pause(taking);
        }
        this.cluster.moveSlot(slot, to);
        return new Move(slot, from.address(), to.address());
    }

    private static void pause(Duration duration) {
        try {
            Thread.sleep(duration.toMillis());
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
            throw new NotPossibleException("The application stops");
        }
    }

    @Override
    public String kill(String id) {
        RedisNode node = find(id);
        if (!node.isAlive()) {
            throw new NotPossibleException(node.address() + " is down already");
        }
        node.kill();
        return node.address() + " was killed";
    }

    @Override
    public String restart(String id) {
        RedisNode node = find(id);
        if (node.isAlive()) {
            throw new NotPossibleException(node.address() + " is running");
        }
        node.restart();
        return node.address() + " is running again";
    }

    @Override
    public String failover(String id) {
        RedisNode node = find(id);
        if (!node.isAlive()) {
            throw new NotPossibleException(
                    node.address() + " is down: it can neither hand over nor take over; restart it first");
        }
        RedisNode replica = node.role() == RedisNode.Role.REPLICA
                ? node
                : this.cluster.replicasOf(node).stream()
                        .findFirst()
                        .orElseThrow(() -> new NotPossibleException(node.address() + " has no replica to take over"));
        this.cluster.failover(replica);
        return replica.address() + " has taken over";
    }

    @Override
    public Node add() {
        if (this.cluster.nodes().size() >= MAX_NODES) {
            throw new NotPossibleException("There are " + MAX_NODES + " nodes, and that is enough for one machine");
        }
        return node(this.cluster.addNode());
    }

    @Override
    public long closeSubscribers() {
        return this.cluster.killClients("pubsub");
    }

    @Override
    public void awaitWhole() {
        this.cluster.awaitAgreement();
    }

    private RedisNode find(String id) {
        return this.cluster.nodes().stream()
                .filter(node -> node.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new UnknownNameException("There is no node with the id '" + id + "'"));
    }
}
