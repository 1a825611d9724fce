package io.github.shardedpubsub.publisher;

import io.github.shardedpubsub.subscription.NodeAddress;
import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.output.StatusOutput;
import io.lettuce.core.protocol.AsyncCommand;
import io.lettuce.core.protocol.Command;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandType;
import io.lettuce.core.protocol.RedisCommand;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The way to one node. Messages wait in line while it is being connected, and none passes another: Lettuce, which opens the
 * connection to a node with the first command for it, would send one that comes just when it stands past those that wait.
 */
final class NodeLine {

    /** Hears what came of each message: one of the four. On an event loop, or on the thread that sends. */
    interface Destination {

        /** The node took it. */
        void published(Publication publication, long receivers);

        /** The node answered with an error: nobody got it. */
        void refused(Publication publication, NodeAddress node, RedisCommandExecutionException refusal);

        /** It never was on the wire, and will not be. */
        void notSent(Publication publication, Throwable failure);

        /** It was sent, and nothing is known of it. */
        void unanswered(Publication publication, Throwable failure);

        /** The node took it, and not enough replicas have said in time that they have it, too. */
        void notReplicated(Publication publication, long replicas, @Nullable Throwable failure);

        /** The connection is lost, and Lettuce keeps the commands for when it stands again. */
        void waiting(List<AtMostOncePublish> commands);
    }

    private final NodeAddress node;

    private final Destination destination;

    /** Completed when everything that came before has been handed to the connection; replaced under the monitor. */
    private volatile CompletableFuture<Void> last;

    /** Set before the line's first future is completed, as is the failure. */
    private volatile @Nullable StatefulRedisConnection<byte[], byte[]> connection;

    private volatile @Nullable Throwable failure;

    /** Whether the script of channels with a history has been sent; what is sent then only names it. */
    private volatile boolean scripted;

    NodeLine(
            NodeAddress node,
            CompletableFuture<StatefulRedisConnection<byte[], byte[]>> opening,
            Destination destination) {
        this.node = node;
        this.destination = destination;
        this.last = opening.handle((opened, cause) -> {
            this.connection = opened;
            this.failure = cause;
            return null;
        });
    }

    /** Whether it is worth sending here: not if it could not be connected, or has been closed. */
    boolean isUsable() {
        return !this.last.isDone()
                || (this.failure == null
                        && !(this.connection instanceof RedisChannelHandler<?, ?> handler && handler.isClosed()));
    }

    /** Sends messages with one flush, after all that wait. */
    void send(List<Publication> publications) {
        inLine(() -> dispatch(publications));
    }

    /** Sends a message that the node serves only to who asks. */
    void sendAsking(Publication publication) {
        inLine(() -> dispatchAsking(publication));
    }

    private void inLine(Runnable sending) {
        if (!this.last.isDone()) {
            synchronized (this) {
                if (!this.last.isDone()) {
                    // One behind the other: of several dependents of one future the youngest would come first.
                    this.last = this.last.thenRun(sending);
                    return;
                }
            }
        }
        sending.run();
    }

    private void dispatch(List<Publication> publications) {
        StatefulRedisConnection<byte[], byte[]> opened = this.connection;
        if (opened == null) {
            publications.forEach(this::tellNotConnected);
            return;
        }
        List<AtMostOncePublish> commands = new ArrayList<>(publications.size());
        // one for all of them, since it is for all that was written before
        AtMostOncePublish replication = replication(publications);
        publications.forEach(publication -> commands.add(command(publication, false, replication)));
        if (replication != null) {
            commands.add(replication);
        }
        try {
            if (commands.size() == 1) {
                opened.dispatch(commands.get(0));
            } else {
                opened.dispatch(commands);
            }
            if (!opened.isOpen()) {
                this.destination.waiting(commands);
            }
        } catch (RuntimeException ex) {
            commands.forEach(command -> command.completeExceptionally(ex));
        }
    }

    private void dispatchAsking(Publication publication) {
        StatefulRedisConnection<byte[], byte[]> opened = this.connection;
        if (opened == null) {
            tellNotConnected(publication);
            return;
        }
        // what is published while a slot moves is rare, and would have to ask again if the script was not known
        AtMostOncePublish replication = replication(List.of(publication));
        AtMostOncePublish command = command(publication, true, replication);
        List<RedisCommand<byte[], byte[], ?>> together = new ArrayList<>();
        together.add(new AsyncCommand<>(new Command<>(
                CommandType.ASKING,
                new StatusOutput<>(ByteArrayCodec.INSTANCE),
                new CommandArgs<>(ByteArrayCodec.INSTANCE))));
        together.add(command);
        if (replication != null) {
            together.add(replication);
        }
        try {
            // at once, since ASKING is for the very next command, whoever sends that
            opened.dispatch(together);
        } catch (RuntimeException ex) {
            command.completeExceptionally(ex);
        }
    }

    /** A wait for the replicas that the messages want to be at; null if none wants any. */
    private static @Nullable AtMostOncePublish replication(List<Publication> publications) {
        for (Publication publication : publications) {
            AtMostOncePublish replication = publication.replication();
            if (replication != null) {
                return replication;
            }
        }
        return null;
    }

    private AtMostOncePublish command(
            Publication publication, boolean withScript, @Nullable AtMostOncePublish replication) {
        boolean first = publication.hasHistory() && !this.scripted;
        if (first) {
            this.scripted = true;
        }
        AtMostOncePublish command = publication.command(withScript || first);
        var unused = command.whenComplete((receivers, cause) -> {
            if (cause == null) {
                publication.answered(command);
                published(publication, receivers, replication);
            } else if (cause instanceof RedisCommandExecutionException refusal) {
                this.destination.refused(publication, this.node, refusal);
            } else if (command.abandon()) {
                this.destination.notSent(publication, cause);
            } else {
                this.destination.unanswered(publication, cause);
            }
        });
        return command;
    }

    private void published(Publication publication, long receivers, @Nullable AtMostOncePublish replication) {
        int wanted = publication.replicas();
        if (wanted == 0 || replication == null) {
            this.destination.published(publication, receivers);
            return;
        }
        var unused = replication.whenComplete((replicas, cause) -> {
            if (cause == null && replicas >= wanted) {
                this.destination.published(publication, receivers);
            } else {
                this.destination.notReplicated(publication, cause == null ? replicas : 0, cause);
            }
        });
    }

    private void tellNotConnected(Publication publication) {
        Throwable cause = this.failure;
        this.destination.notSent(
                publication, cause != null ? cause : new IllegalStateException("The node is not connected"));
    }
}
