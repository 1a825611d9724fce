package io.github.shardedpubsub.sample;

import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.models.partitions.RedisClusterNode;
import java.time.Duration;
import java.util.List;

/**
 * The user's own cluster: the sample looks at it, as the application's client sees it, and does nothing to it.
 */
class ForeignClusterNodes implements ClusterNodes {

    private final RedisClusterClient client;

    ForeignClusterNodes(RedisClusterClient client) {
        this.client = client;
    }

    @Override
    public List<Node> nodes() {
        return this.client.getPartitions().stream().map(this::node).toList();
    }

    private Node node(RedisClusterNode node) {
        return new Node(
                node.getNodeId(),
                node.getUri().getHost() + ":" + node.getUri().getPort(),
                !node.isConnected() ? "DOWN" : node.getRole().isUpstream() ? "MASTER" : "REPLICA",
                node.getSlots().size(),
                node.getSlaveOf(),
                SlotRanges.of(node.getSlots()));
    }

    @Override
    public boolean ours() {
        return false;
    }

    @Override
    public Move moveOn(int slot, Duration taking) {
        throw notOurs("move slots with redis-cli --cluster reshard");
    }

    @Override
    public Move move(int slot, String id, Duration taking) {
        return moveOn(slot, taking);
    }

    @Override
    public String kill(String id) {
        throw notOurs("kill a node yourself");
    }

    @Override
    public String restart(String id) {
        throw notOurs("restart a node yourself");
    }

    @Override
    public String failover(String id) {
        throw notOurs("send CLUSTER FAILOVER to a replica yourself");
    }

    @Override
    public Node add() {
        throw notOurs("add a node with redis-cli --cluster add-node");
    }

    @Override
    public long closeSubscribers() {
        throw notOurs("send CLIENT KILL TYPE pubsub to the nodes yourself");
    }

    @Override
    public void awaitWhole() {
        throw notOurs("wait yourself");
    }

    private static NotPossibleException notOurs(String instead) {
        return new NotPossibleException("The sample does nothing to a cluster that is not its own; " + instead
                + " and watch, or leave out spring.data.redis.cluster.nodes for a cluster of the sample's own");
    }
}
