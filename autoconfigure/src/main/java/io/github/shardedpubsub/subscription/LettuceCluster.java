package io.github.shardedpubsub.subscription;

import io.github.shardedpubsub.pipe.Pipe;
import io.github.shardedpubsub.pipe.PipeConnector;
import io.github.shardedpubsub.pipe.PipeListener;
import io.github.shardedpubsub.pipe.PipeSettings;
import io.lettuce.core.RedisURI;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.event.ClusterTopologyChangedEvent;
import io.lettuce.core.cluster.models.partitions.RedisClusterNode;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import reactor.core.Disposable;

/**
 * The cluster as the application's own {@link RedisClusterClient} sees it: its partitions, its topology events, its credentials.
 */
final class LettuceCluster implements Cluster {

    private final RedisClusterClient client;

    private final RedisURI access;

    private final PipeConnector connector;

    private @Nullable Disposable events;

    /** Asking Lettuce for partitions it has not got yet would block. */
    private volatile boolean known;

    /**
     * Opens nothing yet.
     *
     * @param access how nodes are entered: credentials, TLS, client name; its host and port are not used
     */
    LettuceCluster(RedisClusterClient client, RedisURI access, PipeSettings settings) {
        this.client = client;
        this.access = access;
        this.connector = new PipeConnector(client.getResources(), client.getOptions(), settings);
    }

    @Override
    public @Nullable NodeAddress ownerOf(int slot) {
        if (!this.known) {
            return null;
        }
        RedisClusterNode owner = this.client.getPartitions().getPartitionBySlot(slot);
        return owner == null ? null : address(owner.getUri());
    }

    @Override
    public Collection<NodeAddress> upstreams() {
        if (!this.known) {
            return List.of();
        }
        return this.client.getPartitions().stream()
                .filter(node -> node.is(RedisClusterNode.NodeFlag.UPSTREAM) && !isGone(node))
                .map(node -> address(node.getUri()))
                .toList();
    }

    private static boolean isGone(RedisClusterNode node) {
        return node.is(RedisClusterNode.NodeFlag.FAIL)
                || node.is(RedisClusterNode.NodeFlag.NOADDR)
                || node.is(RedisClusterNode.NodeFlag.HANDSHAKE);
    }

    private static NodeAddress address(RedisURI uri) {
        return new NodeAddress(uri.getHost(), uri.getPort());
    }

    @Override
    public CompletionStage<?> refresh() {
        return this.client.refreshPartitionsAsync().thenRun(() -> this.known = true);
    }

    @Override
    public void onChange(Runnable callback) {
        this.events = this.client
                .getResources()
                .eventBus()
                .get()
                .ofType(ClusterTopologyChangedEvent.class)
                .subscribe(changed -> callback.run());
    }

    @Override
    public Pipe open(NodeAddress node, PipeListener listener) {
        return this.connector.open(uri(node), listener);
    }

    /** Lettuce keeps credentials and TLS in the addresses it was given, and not in those that it learned from the cluster. */
    private RedisURI uri(NodeAddress node) {
        return RedisURI.builder(this.access)
                .withHost(node.host())
                .withPort(node.port())
                .build();
    }

    @Override
    public void close() {
        if (this.events != null) {
            this.events.dispose();
        }
    }
}
