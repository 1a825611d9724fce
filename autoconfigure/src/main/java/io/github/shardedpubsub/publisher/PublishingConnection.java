package io.github.shardedpubsub.publisher;

import io.github.shardedpubsub.pipe.ReplyError;
import io.github.shardedpubsub.subscription.NodeAddress;
import io.github.shardedpubsub.subscription.Redirect;
import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisCommandTimeoutException;
import io.lettuce.core.RedisConnectionException;
import io.lettuce.core.RedisException;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.cluster.api.StatefulRedisClusterConnection;
import io.lettuce.core.cluster.models.partitions.Partitions;
import io.lettuce.core.cluster.models.partitions.RedisClusterNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Brings each message to the node that serves its slot, and offers it again, there or where a redirect points, as long as it is
 * certain that no node has taken it: it was refused, or never sent. Where that is not certain, it is given up.
 */
final class PublishingConnection implements NodeLine.Destination {

    /** Refusals of the moment; {@code LOADING} is a node that comes back. */
    private static final Set<String> PASSING = Set.of("CLUSTERDOWN", "TRYAGAIN", "LOADING");

    private static final String NO_SCRIPT = "NOSCRIPT";

    private final StatefulRedisClusterConnection<byte[], byte[]> connection;

    private final Retries retries;

    private final Runnable topologyRefresh;

    private final Map<NodeAddress, NodeLine> lines = new ConcurrentHashMap<>();

    /**
     * Takes a connection over.
     *
     * @param topologyRefresh called when the topology seems to be out of date
     */
    PublishingConnection(
            StatefulRedisClusterConnection<byte[], byte[]> connection, Retries retries, Runnable topologyRefresh) {
        this.connection = connection;
        this.retries = retries;
        this.topologyRefresh = topologyRefresh;
    }

    /** Sends messages, all those for one node at once, and returns this; whatever fails, fails the answers. */
    PublishingConnection publish(List<Publication> publications) {
        Map<NodeLine, List<Publication>> byLine = new LinkedHashMap<>();
        for (Publication publication : publications) {
            try {
                byLine.computeIfAbsent(line(owner(publication.slot())), line -> new ArrayList<>())
                        .add(publication);
            } catch (RuntimeException ex) {
                publication.failed(ex, PublishOutcome.REFUSED);
            }
        }
        byLine.forEach(NodeLine::send);
        return this;
    }

    /** The node that serves the slot; if nobody seems to, any: it knows better, or says that the cluster is down. */
    private NodeAddress owner(int slot) {
        Partitions partitions = this.connection.getPartitions();
        RedisClusterNode owner = partitions.getPartitionBySlot(slot);
        if (owner == null) {
            owner = partitions.stream()
                    .filter(node -> node.getRole().isUpstream())
                    .findFirst()
                    .orElseThrow(() -> new RedisException("No node of the cluster is known"));
        }
        return new NodeAddress(owner.getUri().getHost(), owner.getUri().getPort());
    }

    private NodeLine line(NodeAddress node) {
        NodeLine known = this.lines.get(node);
        if (known != null && known.isUsable()) {
            return known;
        }
        // all that are not, since a node may be gone for good
        this.lines.values().removeIf(line -> !line.isUsable());
        return this.lines.computeIfAbsent(node, this::open);
    }

    private NodeLine open(NodeAddress node) {
        CompletableFuture<StatefulRedisConnection<byte[], byte[]>> opening;
        try {
            opening = this.connection.getConnectionAsync(node.host(), node.port());
        } catch (RuntimeException ex) {
            // So Lettuce refuses a node that it has not seen yet.
            opening = CompletableFuture.failedFuture(ex);
        }
        return new NodeLine(node, opening, this);
    }

    @Override
    public void published(Publication publication, long receivers) {
        publication.published(receivers);
    }

    @Override
    public void notSent(Publication publication, Throwable failure) {
        if (failure instanceof RedisCommandTimeoutException) {
            // It has had its time.
            publication.failed(failure, PublishOutcome.REFUSED);
        } else {
            offerAgain(publication, failure);
        }
    }

    private void offerAgain(Publication publication, Throwable failure) {
        this.topologyRefresh.run();
        this.retries.refused(publication, failure, () -> publish(List.of(publication)));
    }

    @Override
    public void refused(Publication publication, NodeAddress node, RedisCommandExecutionException refusal) {
        String error = String.valueOf(refusal.getMessage());
        Redirect moved = Redirect.parse(error, node);
        Redirect ask = Redirect.parseAsk(error, node);
        if (moved != null) {
            this.topologyRefresh.run();
            this.retries.redirected(
                    publication, refusal, () -> line(moved.target()).send(List.of(publication)));
        } else if (ask != null) {
            // by no server yet: a migrating slot's owner takes the message itself (ServerFactsTests), and a later one
            // may not
            this.retries.redirected(
                    publication, refusal, () -> line(ask.target()).sendAsking(publication));
        } else if (NO_SCRIPT.equals(new ReplyError(error).code()) && publication.bringScript()) {
            // the node has been restarted, or its scripts were flushed
            line(node).send(List.of(publication));
        } else if (PASSING.contains(new ReplyError(error).code())) {
            offerAgain(publication, refusal);
        } else {
            publication.failed(publication.explained(refusal), PublishOutcome.REFUSED);
        }
    }

    @Override
    public void unanswered(Publication publication, Throwable failure) {
        publication.failed(failure, PublishOutcome.UNKNOWN);
    }

    @Override
    public void notReplicated(Publication publication, long replicas, @Nullable Throwable failure) {
        publication.failed(
                new RedisException(
                        "The message is published, but " + replicas + " of " + publication.replicas()
                                + " replicas have confirmed it in time: a failover can lose it from the channel's history. Its"
                                + " listeners have it if they were connected",
                        failure),
                PublishOutcome.UNKNOWN);
    }

    /** A connection that is back soon keeps the order of its messages; else the slots may have another owner. */
    @Override
    public void waiting(List<AtMostOncePublish> commands) {
        this.topologyRefresh.run();
        this.retries.afterAWhile(() -> commands.forEach(command -> {
            if (command.abandon()) {
                command.completeExceptionally(new RedisConnectionException("The node is not connected"));
            }
        }));
    }

    CompletableFuture<Void> close() {
        this.retries.close();
        // The end of the client closes it too, and Lettuce warns of a second time.
        boolean closed = this.connection instanceof RedisChannelHandler<?, ?> handler && handler.isClosed();
        return closed ? CompletableFuture.completedFuture(null) : this.connection.closeAsync();
    }
}
