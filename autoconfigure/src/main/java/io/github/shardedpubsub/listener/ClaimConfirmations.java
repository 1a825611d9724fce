package io.github.shardedpubsub.listener;

import io.github.shardedpubsub.subscription.ChannelStatus;
import io.github.shardedpubsub.subscription.ShardSubscription;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.springframework.data.redis.listener.adapter.RedisListenerExecutionFailedException;

/** The waiting for claims to be confirmed, and what is said when they are not. */
final class ClaimConfirmations {

    /** How many channels an error message describes. */
    private static final int DESCRIBED = 5;

    private final ShardSubscriptions subscriptions;

    ClaimConfirmations(ShardSubscriptions subscriptions) {
        this.subscriptions = subscriptions;
    }

    /**
     * Waits until all are confirmed. A claim that is released meanwhile is no longer waited for.
     *
     * @throws RedisListenerExecutionFailedException as soon as one is refused
     * @throws ShardSubscriptionTimeoutException if the time is up before
     * @throws IllegalStateException if the thread is interrupted; it stays so
     */
    void await(Collection<ShardSubscription> claims, long millis) {
        CompletableFuture<Void> outcome = new CompletableFuture<>();
        CompletableFuture<?>[] each = claims.stream()
                .map(claim -> claim.confirmed().handle((confirmed, failure) -> {
                    if (failure != null && !(unwrap(failure) instanceof CancellationException)) {
                        // The first refusal is the answer: nobody has to wait for the rest.
                        outcome.completeExceptionally(unwrap(failure));
                    }
                    return null;
                }))
                .toArray(CompletableFuture[]::new);
        var unused = CompletableFuture.allOf(each).thenRun(() -> outcome.complete(null));
        try {
            outcome.get(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(
                    "Interrupted while waiting for " + claims.size() + " shard channel(s) to be confirmed", ex);
        } catch (ExecutionException ex) {
            Throwable refusal = unwrap(ex);
            throw new RedisListenerExecutionFailedException(refusal.getMessage(), refusal);
        } catch (TimeoutException ex) {
            throw timedOut(claims, millis);
        }
    }

    private ShardSubscriptionTimeoutException timedOut(Collection<ShardSubscription> claims, long millis) {
        List<ShardSubscription> unconfirmed =
                claims.stream().filter(claim -> !claim.confirmed().isDone()).toList();
        String described =
                unconfirmed.stream().limit(DESCRIBED).map(this::describe).collect(Collectors.joining("; "));
        String more = unconfirmed.size() > DESCRIBED ? "; and " + (unconfirmed.size() - DESCRIBED) + " more" : "";
        return new ShardSubscriptionTimeoutException(
                unconfirmed.size() + " of " + claims.size() + " shard channel(s) not confirmed by the cluster within "
                        + millis + " ms: " + described + more,
                unconfirmed.stream().map(claim -> claim.channel().toString()).toList());
    }

    private String describe(ShardSubscription claim) {
        Optional<ChannelStatus> status = this.subscriptions.channel(claim.channel());
        return "'" + claim.channel() + "'"
                + status.map(ClaimConfirmations::describe).orElse("");
    }

    private static String describe(ChannelStatus status) {
        return " (slot " + status.slot() + ", " + status.state()
                + (status.node() != null ? ", asked " + status.node() : "")
                + (status.lastError() != null ? ", last error: " + status.lastError() : "") + ")";
    }

    private static Throwable unwrap(Throwable failure) {
        Throwable cause = failure.getCause();
        boolean wrapper = failure instanceof CompletionException || failure instanceof ExecutionException;
        return (wrapper && cause != null) ? cause : failure;
    }
}
