package io.github.shardedpubsub.listener;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.subscription.ShardSubscription;
import io.github.shardedpubsub.subscription.ShardSubscriptionRefusedException;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;
import org.springframework.data.redis.connection.MessageListener;
import org.springframework.data.redis.connection.SubscriptionListener;
import org.springframework.data.redis.listener.adapter.RedisListenerExecutionFailedException;

/**
 * The channels that have listeners, and, while the container runs, a claim to each of them. Safe for use by any thread; nothing is
 * waited for while the lock is held.
 */
final class ListenerClaims {

    private static final Log logger = LogFactory.getLog(ListenerClaims.class);

    private final ShardSubscriptions subscriptions;

    private final ClaimConfirmations confirmations;

    private final Executor notifications;

    private final ReentrantLock lock = new ReentrantLock();

    private final ListenerRoutes routes;

    private volatile boolean running;

    /**
     * Creates it without channels, and not running.
     *
     * @param observers hear of each message that comes
     * @param notifications runs the calls of {@link SubscriptionListener}s
     */
    ListenerClaims(
            ShardSubscriptions subscriptions,
            DeliveryLanes lanes,
            DeliveryObservers observers,
            Executor notifications) {
        this.routes = new ListenerRoutes(lanes, observers);
        this.subscriptions = subscriptions;
        this.confirmations = new ClaimConfirmations(subscriptions);
        this.notifications = notifications;
    }

    boolean isRunning() {
        return this.running;
    }

    boolean isEmpty() {
        return this.routes.isEmpty();
    }

    /** How many channels there are. */
    int size() {
        return this.routes.size();
    }

    /** Every registration there is, at one moment. */
    List<Registration> registrations() {
        this.lock.lock();
        try {
            return this.routes.registrations();
        } finally {
            this.lock.unlock();
        }
    }

    /** How many messages wait now: counted when somebody asks, and not with each message. */
    int queueSize() {
        return sum(ChannelQueue::size);
    }

    /** How many messages can wait at most now. */
    int queueCapacity() {
        return sum(ChannelQueue::capacity);
    }

    private int sum(ToLongFunction<ChannelQueue> number) {
        return (int) Math.min(
                Integer.MAX_VALUE,
                registrations().stream()
                        .map(Registration::queue)
                        .mapToLong(number)
                        .sum());
    }

    /** The registrations of a listener at one moment. */
    List<Registration> registrations(MessageListener listener) {
        this.lock.lock();
        try {
            return this.routes.of(listener);
        } finally {
            this.lock.unlock();
        }
    }

    /**
     * Claims all channels, and from now on those that are added. Waits for the confirmations; what it throws is
     * {@link ClaimConfirmations#await}'s, and it runs then all the same.
     */
    void start(long millis) {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        this.confirmations.await(start(), millis);
        awaitBegun(registrations(), deadline, millis);
    }

    /** The same without waiting. */
    List<ShardSubscription> start() {
        this.lock.lock();
        try {
            this.running = true;
            this.routes.registrations().forEach(Registration::open);
            List<ShardSubscription> claims = claim(List.copyOf(this.routes.all()));
            tellOfOutcome(this.routes.registrations());
            return claims;
        } finally {
            this.lock.unlock();
        }
    }

    /**
     * What was stopped.
     *
     * @param registrations the listeners on their channels
     * @param released completed when all claims are released
     */
    record Stopped(List<Registration> registrations, CompletableFuture<Void> released) {

        /** Waits until the servers have ended the subscriptions, or the time is up. */
        void awaitReleased(long millis) {
            try {
                this.released.get(millis, TimeUnit.MILLISECONDS);
            } catch (TimeoutException | ExecutionException ex) {
                logger.debug("The servers did not end all subscriptions in time", ex);
            } catch (InterruptedException ex) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Releases all claims; the listeners stay. Where it is stopped already, there are none. */
    Stopped stop() {
        this.lock.lock();
        try {
            if (!this.running) {
                return new Stopped(List.of(), CompletableFuture.completedFuture(null));
            }
            this.running = false;
            this.routes.registrations().forEach(Registration::releasing);
            List<ChannelRoute> stopped = List.copyOf(this.routes.all());
            return new Stopped(
                    this.routes.registrations(),
                    CompletableFuture.allOf(stopped.stream()
                            .map(route -> release(route, route.registrations()))
                            .toArray(CompletableFuture[]::new)));
        } finally {
            this.lock.unlock();
        }
    }

    /** Adds a listener; waits for its channels while it runs, and if that fails, the listener is where it was before. */
    void add(MessageListener listener, Set<ChannelName> channels, @Nullable ListenerOptions options, long millis) {
        change(millis, added -> {
            added.addAll(this.routes.add(listener, channels, options));
            return this.routes.of(listener, channels);
        });
    }

    /** Adds a listener without waiting for its channels: it is told what becomes of them. */
    List<Registration> add(RequestingListener listener, Set<ChannelName> channels, ListenerOptions options) {
        List<Registration> added = new ArrayList<>();
        this.lock.lock();
        try {
            added.addAll(this.routes.add(listener, channels, options));
            if (this.running) {
                added.forEach(Registration::open);
                claim(this.routes.of(added));
            }
            tellOfOutcome(added);
            return added;
        } catch (RuntimeException | Error ex) {
            remove(added);
            throw ex;
        } finally {
            this.lock.unlock();
        }
    }

    /** Replaces all listeners, and keeps the claims to channels that are wanted before and after. */
    void replace(Map<MessageListener, Set<ChannelName>> wanted, long millis) {
        change(millis, added -> {
            List<Registration> before = this.routes.registrations();
            Set<Registration> kept = new LinkedHashSet<>();
            wanted.forEach((listener, channels) -> {
                added.addAll(this.routes.add(listener, channels, null));
                kept.addAll(this.routes.of(listener, channels));
            });
            remove(before.stream().filter(each -> !kept.contains(each)).toList());
            return kept;
        });
    }

    /** Closes all registrations of a listener, to be removed when what waits is delivered, unless it is added again before. */
    List<Registration> leave(MessageListener listener) {
        this.lock.lock();
        try {
            List<Registration> leaving = this.routes.of(listener);
            leaving.forEach(Registration::leave);
            return leaving;
        } finally {
            this.lock.unlock();
        }
    }

    /** Removes those of them that are leaving still. */
    void removeLeaving(List<Registration> registrations) {
        this.lock.lock();
        try {
            remove(registrations.stream().filter(Registration::isLeaving).toList());
        } finally {
            this.lock.unlock();
        }
    }

    void remove(MessageListener listener, Collection<ChannelName> channels) {
        this.lock.lock();
        try {
            remove(this.routes.of(listener, channels));
        } finally {
            this.lock.unlock();
        }
    }

    void removeAll(MessageListener listener) {
        this.lock.lock();
        try {
            remove(this.routes.of(listener));
        } finally {
            this.lock.unlock();
        }
    }

    /**
     * Makes a change that adds listeners, claims what it wants, and waits for that.
     *
     * @param change made under the lock; puts what is new into the list, and returns all that has to be confirmed
     */
    private void change(long millis, Function<List<Registration>, Collection<Registration>> change) {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        List<Registration> added = new ArrayList<>();
        try {
            List<ShardSubscription> claims;
            this.lock.lock();
            try {
                Collection<Registration> wanted = change.apply(added);
                if (this.running) {
                    added.forEach(Registration::open);
                }
                claims = this.running ? claim(this.routes.of(wanted)) : List.of();
                tellOfOutcome(added);
            } finally {
                this.lock.unlock();
            }
            this.confirmations.await(claims, millis);
            awaitBegun(added, deadline, millis);
        } catch (RuntimeException | Error ex) {
            remove(added);
            throw ex;
        }
    }

    /**
     * Waits until it is known where listeners begin in the histories of their channels, so that they miss nothing from now on.
     *
     * @throws RedisListenerExecutionFailedException as soon as one of these may not be read
     */
    private void awaitBegun(List<Registration> registrations, long deadline, long millis) {
        if (!this.running || registrations.stream().noneMatch(Registration::isRecovering)) {
            return;
        }
        CompletableFuture<@Nullable Void> outcome = new CompletableFuture<>();
        CompletableFuture<?>[] each = registrations.stream()
                .map(registration -> registration.begun().whenComplete((begun, refusal) -> {
                    if (refusal != null) {
                        // The first refusal is the answer: nobody has to wait for the rest.
                        outcome.completeExceptionally(refusal);
                    }
                }))
                .toArray(CompletableFuture[]::new);
        var unused = CompletableFuture.allOf(each).thenRun(() -> outcome.complete(null));
        try {
            outcome.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException ex) {
            logger.warn("Where all listeners of shard channels begin is not known within " + millis
                    + " ms, since histories or positions could not be read. They begin when it is known; those that start with"
                    + " what is published from now on, with the first message at the latest");
        } catch (ExecutionException ex) {
            Throwable refusal = Objects.requireNonNullElse(ex.getCause(), ex);
            throw new RedisListenerExecutionFailedException(refusal.getMessage(), refusal);
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(
                    "Interrupted while waiting to know where listeners begin in the histories of their channels", ex);
        }
    }

    /** What is known of a listener that has channels. */
    RegisteredListener registered(MessageListener listener) {
        this.lock.lock();
        try {
            RegisteredListener registered = this.routes.find(listener);
            if (registered == null) {
                throw new IllegalArgumentException("The listener " + listener + " is not registered");
            }
            return registered;
        } finally {
            this.lock.unlock();
        }
    }

    void remove(List<Registration> registrations) {
        this.lock.lock();
        try {
            for (ChannelRoute deserted : this.routes.remove(registrations)) {
                var unused = release(
                        deserted,
                        registrations.stream()
                                .filter(each -> each.channel().equals(deserted.channel()))
                                .toList());
            }
        } finally {
            this.lock.unlock();
        }
    }

    /** Claims the channels that are not claimed yet, and returns the claims to all of them. Under the lock. */
    private List<ShardSubscription> claim(Collection<ChannelRoute> wanted) {
        List<ChannelRoute> unclaimed =
                wanted.stream().filter(route -> route.claim() == null).toList();
        if (!unclaimed.isEmpty()) {
            Map<ChannelName, ChannelRoute> sinks = new LinkedHashMap<>();
            unclaimed.forEach(route -> sinks.put(route.channel(), route));
            List<ShardSubscription> claims = this.subscriptions.subscribe(sinks);
            for (int i = 0; i < unclaimed.size(); i++) {
                unclaimed.get(i).claim(claims.get(i));
            }
        }
        return wanted.stream().map(ChannelRoute::claim).filter(Objects::nonNull).toList();
    }

    /** Releases a route's claim, if it has one. Under the lock. */
    private CompletableFuture<Void> release(ChannelRoute route, List<Registration> told) {
        ShardSubscription claim = route.takeClaim();
        if (claim == null) {
            return CompletableFuture.completedFuture(null);
        }
        return claim.release()
                .thenRun(() -> tell(
                        told,
                        listener ->
                                listener.onChannelUnsubscribed(route.channel().toBytes(), this.routes.size())));
    }

    /** Has listeners told of the confirmation of their claims, or of the refusal. */
    private void tellOfOutcome(List<Registration> registrations) {
        for (Registration registration : registrations) {
            ChannelRoute route = this.routes.find(registration.channel());
            ShardSubscription claim = (route != null) ? route.claim() : null;
            if (claim != null && registration.isRecovering()) {
                var unused = claim.confirmed().thenRun(registration::confirmed);
                tellOfRefusal(registration);
            }
            if (claim != null && registration.listener().listener() instanceof SubscriptionListener) {
                byte[] channel = registration.channel().toBytes();
                var unused = claim.confirmed().whenComplete((confirmed, failure) -> {
                    if (failure == null) {
                        tell(
                                List.of(registration),
                                listener -> listener.onChannelSubscribed(channel, this.routes.size()));
                    } else if (failure instanceof ShardSubscriptionRefusedException
                            && registration.listener().listener() instanceof RequestingListener listener) {
                        this.notifications.execute(() -> listener.onChannelRefused(failure));
                    }
                });
            }
        }
    }

    /** Where nobody waits for it. */
    private void tellOfRefusal(Registration registration) {
        if (registration.listener().listener() instanceof RequestingListener listener) {
            var unused = registration.begun().exceptionally(refusal -> {
                this.notifications.execute(() -> listener.onChannelRefused(refusal));
                return null;
            });
        }
    }

    private void tell(List<Registration> registrations, Consumer<SubscriptionListener> event) {
        for (Registration registration : registrations) {
            if (registration.listener().listener() instanceof SubscriptionListener listener) {
                this.notifications.execute(() -> event.accept(listener));
            }
        }
    }
}
