package io.github.shardedpubsub.sample;

import io.github.shardedpubsub.test.RedisCluster;
import io.github.shardedpubsub.test.RedisClusterException;
import io.github.shardedpubsub.test.RedisNode;
import java.util.Comparator;
import java.util.List;

/**
 * The cluster that the sample has brought along: everything may be done to it. Its nodes are looked at anew each time.
 */
class EmbeddedClusterNodes implements ClusterNodes {

    private final RedisCluster cluster;

    EmbeddedClusterNodes(RedisCluster cluster) {
        this.cluster = cluster;
    }

    @Override
    public List<Node> nodes() {
        return this.cluster.nodes().stream().map(this::node).toList();
    }

    private Node node(RedisNode node) {
        if (node.isAlive()) {
            try {
                return new Node(
                        node.id(),
                        node.address(),
                        node.role().name(),
                        this.cluster.slotsOf(node).cardinality());
            } catch (RedisClusterException dying) {
                // it was alive a moment ago
            }
        }
        return new Node(node.id(), node.address(), "DOWN", 0);
    }

    @Override
    public Move moveOn(int slot) {
        RedisNode from = this.cluster.owner(slot);
        List<RedisNode> masters = this.cluster.masters().stream()
                .sorted(Comparator.comparingInt(RedisNode::port))
                .toList();
        if (masters.size() < 2) {
            throw new NotPossibleException("There is no other master to move slot " + slot + " to");
        }
        RedisNode to = masters.get((masters.indexOf(from) + 1) % masters.size());
        this.cluster.moveSlot(slot, to);
        return new Move(slot, from.address(), to.address());
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

    private RedisNode find(String id) {
        return this.cluster.nodes().stream()
                .filter(node -> node.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new UnknownNameException("There is no node with the id '" + id + "'"));
    }
}
