package io.github.shardedpubsub.subscription;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * What is known of the cluster: what the nodes say that we are connected to, in one round trip; and where none of them answers, what
 * Lettuce knows. Lettuce opens a connection to every node for each look, and waits for all of them, a frozen one, too, for as long as
 * commands may take, a minute by default.
 *
 * <p>On the subscriptions' own thread.
 */
final class ClusterView {

    /** A node that does not answer by then is not waited for. */
    private static final Duration PATIENCE = Duration.ofMillis(250);

    /** Enough to hear of everything soon: the nodes tell each other. */
    private static final int MAX_ASKED = 12;

    private final Reconciler reconciler;

    private final Cluster cluster;

    private @Nullable SlotOwners owners;

    private @Nullable CompletableFuture<?> refreshing;

    /** Why Lettuce could not look the last time. */
    private @Nullable String refreshFailure;

    ClusterView(Reconciler reconciler) {
        this.reconciler = reconciler;
        this.cluster = reconciler.cluster();
    }

    /** The upstream node of a slot as far as is known, null if none is. */
    @Nullable
    NodeAddress ownerOf(int slot) {
        SlotOwners seen = this.owners;
        return seen != null ? seen.ownerOf(slot) : this.cluster.ownerOf(slot);
    }

    /** What the nodes have said last, the same object as long as they say the same; null if none has. */
    @Nullable
    SlotOwners owners() {
        return this.owners;
    }

    /** The upstream nodes as far as is known, also those without slots. */
    Collection<NodeAddress> upstreams() {
        SlotOwners seen = this.owners;
        return seen != null ? seen.upstreams() : this.cluster.upstreams();
    }

    /** Why nobody is known to serve a slot. */
    String unserved(int slot) {
        return "no node is known to serve slot " + slot + refreshing();
    }

    private String refreshing() {
        if (this.refreshFailure != null) {
            return ", and the cluster could not be asked: " + this.refreshFailure;
        }
        boolean asked = this.refreshing != null && !this.refreshing.isDone();
        return asked ? ", and the cluster, which is being asked, has not answered yet" : "";
    }

    /** Asks; has Lettuce look, too, for the application's other connections. */
    CompletionStage<?> look() {
        CompletableFuture<?> lettuce = refresh();
        List<NodeConnection> asked = someConnected();
        if (asked.isEmpty()) {
            return lettuce.thenRun(this::forget);
        }
        Look look = new Look(asked.size());
        asked.forEach(node -> {
            node.askForNodes(look::answered);
            node.askForShard();
        });
        this.reconciler.timeline().schedule(PATIENCE, look::end);
        return look.done.thenCompose(answered -> {
            if (answered) {
                return CompletableFuture.completedFuture(null);
            }
            return lettuce.thenRun(this::forget);
        });
    }

    private List<NodeConnection> someConnected() {
        List<NodeConnection> connected = new ArrayList<>();
        for (NodeConnection node : this.reconciler.nodes()) {
            if (node.isConnected()) {
                connected.add(node);
            }
        }
        if (connected.size() > MAX_ASKED) {
            Collections.shuffle(
                    connected, new Random((long) (this.reconciler.timeline().random() * Long.MAX_VALUE)));
            return connected.subList(0, MAX_ASKED);
        }
        return connected;
    }

    private CompletableFuture<?> refresh() {
        CompletableFuture<?> before = this.refreshing;
        if (before != null && !before.isDone()) {
            return before;
        }
        CompletableFuture<Void> refresh = new CompletableFuture<>();
        this.refreshing = refresh;
        lettuceLooks()
                .whenComplete((done, failure) -> this.reconciler.timeline().execute(() -> {
                    this.refreshFailure = failure != null ? LettuceFailure.reason(failure) : null;
                    if (failure != null) {
                        refresh.completeExceptionally(failure);
                    } else {
                        refresh.complete(null);
                    }
                }));
        return refresh;
    }

    private CompletionStage<?> lettuceLooks() {
        try {
            return this.cluster.refresh();
        } catch (RuntimeException ex) {
            return CompletableFuture.failedFuture(ex);
        }
    }

    private void see(SlotOwners seen) {
        SlotOwners before = this.owners;
        if (before == null || !before.agreesWith(seen)) {
            this.owners = seen;
        }
    }

    private void forget() {
        this.owners = null;
    }

    /** One question to several nodes. */
    private final class Look {

        private final List<ClusterNodes> views = new ArrayList<>();

        /** Whether any node has answered. */
        private final CompletableFuture<Boolean> done = new CompletableFuture<>();

        private int open;

        Look(int asked) {
            this.open = asked;
        }

        void answered(@Nullable ClusterNodes view) {
            if (view != null) {
                this.views.add(view);
            }
            if (--this.open == 0) {
                end();
            }
        }

        void end() {
            if (this.done.isDone()) {
                return;
            }
            if (!this.views.isEmpty()) {
                see(SlotOwners.of(this.views));
            }
            this.done.complete(!this.views.isEmpty());
        }
    }
}
