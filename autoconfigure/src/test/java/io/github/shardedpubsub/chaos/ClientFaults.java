package io.github.shardedpubsub.chaos;

import io.github.shardedpubsub.chaos.Fault.Account;
import io.github.shardedpubsub.test.RedisClusterException;
import io.github.shardedpubsub.test.RedisNode;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** What happens to clients: closed connections, permissions that come and go, nodes too busy to answer, and their own changes of mind. */
final class ClientFaults {

    private static final String COUNT = "for i = 1, tonumber(ARGV[1]) do end return 1";

    /** Takes a server a tenth of a second or two. */
    private static final int COUNTED_AT_LEAST = 10_000_000;

    private final ChaosCluster cluster;

    private final Claims claims;

    private final HistoryListeners listeners;

    ClientFaults(ChaosCluster cluster, Claims claims, HistoryListeners listeners) {
        this.cluster = cluster;
        this.claims = claims;
        this.listeners = listeners;
    }

    void addTo(Map<FaultKind, Fault> faults) {
        faults.put(FaultKind.CLOSE_SUBSCRIBERS_OF_ONE_NODE, this::closeSubscribersOfOneNode);
        faults.put(FaultKind.CLOSE_ALL_SUBSCRIBERS, this::closeAllSubscribers);
        faults.put(FaultKind.CLOSE_PUBLISHERS, this::closePublishers);
        faults.put(FaultKind.REVOKE_CHANNELS, this::revokeChannels);
        faults.put(FaultKind.DELETE_USER, this::deleteUser);
        faults.put(FaultKind.BUSY_SCRIPT, this::busyScript);
        faults.put(
                FaultKind.CHURN,
                (dice, account) -> account.note(this.claims.churn(dice) + "; " + this.listeners.churn(dice)));
    }

    private RedisNode anyNode(Random dice) {
        return ChaosCluster.any(this.cluster.answering(), dice, "node that answers");
    }

    private void closeSubscribersOfOneNode(Random dice, Account account) {
        RedisNode node = anyNode(dice);
        account.note(node.toString());
        node.killClients("pubsub");
    }

    private void closeAllSubscribers(Random dice, Account account) {
        this.cluster.redis().killClients("pubsub");
    }

    private void closePublishers(Random dice, Account account) {
        RedisNode node = anyNode(dice);
        account.note(node.toString());
        node.killClients("normal");
    }

    private void revokeChannels(Random dice, Account account) {
        List<RedisNode> nodes = dice.nextBoolean() ? this.cluster.answering() : List.of(anyNode(dice));
        account.note("at " + nodes);
        tell(nodes, "ACL", "SETUSER", ChaosCluster.USER, "resetchannels");
        ChaosCluster.last(ChaosCluster.millis(dice, 100, 1_500));
        account.note("granted again");
        grant(nodes);
    }

    private void deleteUser(Random dice, Account account) {
        List<RedisNode> nodes = dice.nextBoolean() ? this.cluster.answering() : List.of(anyNode(dice));
        account.note("at " + nodes);
        tell(nodes, "ACL", "DELUSER", ChaosCluster.USER);
        ChaosCluster.last(ChaosCluster.millis(dice, 100, 1_500));
        account.note("made again");
        grant(nodes);
    }

    /** A node that has died meanwhile knows the user as it is configured when it is back. */
    private static void tell(List<RedisNode> nodes, String... command) {
        for (RedisNode node : nodes) {
            try {
                node.command(command);
            } catch (RedisClusterException gone) {
                // and one that is frozen is told when the cluster is healed
            }
        }
    }

    private void grant(List<RedisNode> nodes) {
        for (RedisNode node : nodes) {
            try {
                this.cluster.grant(node);
            } catch (RedisClusterException gone) {
                // as above
            }
        }
    }

    private void busyScript(Random dice, Account account) {
        RedisNode node = anyNode(dice);
        int count = COUNTED_AT_LEAST * (1 + dice.nextInt(8));
        account.note(node + " counts to " + count);
        node.command("EVAL", COUNT, "0", Integer.toString(count));
    }
}
