package io.github.shardedpubsub.subscription;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.shardedpubsub.pipe.ChannelName;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/** Subscriptions in a simulated cluster, and what must hold at every step of them. */
final class Simulation {

    static final Duration LIMIT = Duration.ofMinutes(2);

    /** Without all that looks after the subscriptions on its own, so that what is seen was not done by it. */
    static final SubscriptionSettings SETTINGS = SubscriptionSettings.DEFAULTS
            .withAuditInterval(Duration.ZERO)
            .withWarmConnections(false)
            .withHandover(HandoverSettings.OFF);

    final DrivenTimeline time;

    final SimulatedCluster cluster;

    final SlotFollowingSubscriptions subscriptions;

    final List<ChannelTransition> transitions = new ArrayList<>();

    final List<String> messages = new ArrayList<>();

    int retries;

    int strays;

    private final Map<ChannelName, ChannelState> states = new HashMap<>();

    private final Map<ChannelName, Instant> interruptedAt = new HashMap<>();

    Simulation(long seed, int nodes) {
        this(seed, nodes, SETTINGS);
    }

    Simulation(long seed, int nodes, SubscriptionSettings settings) {
        this.time = new DrivenTimeline(seed);
        this.cluster = new SimulatedCluster(this.time, nodes);
        this.subscriptions = new SlotFollowingSubscriptions(this.cluster, settings, this.time);
        this.subscriptions.addObserver(new SubscriptionObserver() {

            @Override
            public void channelChanged(ChannelTransition transition) {
                heard(transition);
            }

            @Override
            public void retried(ChannelName channel) {
                Simulation.this.retries++;
            }

            @Override
            public void strayMessage(ChannelName channel, NodeAddress node) {
                Simulation.this.strays++;
            }
        });
        this.time.afterEachStep(this::requireConsistency);
    }

    static ChannelName channel(String name) {
        return ChannelName.of(name);
    }

    ShardSubscription claim(String channel) {
        return this.subscriptions.subscribe(
                channel(channel),
                (name, payload) -> this.messages.add(name + ":" + new String(payload, StandardCharsets.UTF_8)));
    }

    /** Claimed, and confirmed by its owner. */
    ShardSubscription subscribed(String channel) {
        ShardSubscription claim = claim(channel);
        until(() -> claim.confirmed().isDone());
        return claim;
    }

    void publish(String channel, String message) {
        this.cluster.publish(channel(channel), message.getBytes(StandardCharsets.UTF_8));
    }

    void publishAt(SimulatedCluster.Node node, String channel, String message) {
        node.publish(channel(channel), message.getBytes(StandardCharsets.UTF_8));
    }

    void run(Duration duration) {
        this.time.advance(duration);
    }

    void until(BooleanSupplier condition) {
        this.time.until(condition, LIMIT);
    }

    ChannelStatus status(String channel) {
        return this.subscriptions.channel(channel(channel)).orElseThrow();
    }

    ChannelState state(String channel) {
        return status(channel).state();
    }

    boolean isSubscribed(String channel) {
        Optional<ChannelStatus> status = this.subscriptions.channel(channel(channel));
        return status.isPresent() && status.get().state() == ChannelState.SUBSCRIBED;
    }

    int count(ChannelState state) {
        return this.subscriptions.counts().getOrDefault(state, 0);
    }

    SimulatedCluster.Node owner(String channel) {
        return this.cluster.owner(channel(channel));
    }

    int slot(String channel) {
        return SimulatedCluster.slot(channel(channel));
    }

    /** The units from a moment on, each as {@code +a,b@node} or {@code -a,b@node}, with a {@code ?} before it if through ASKING. */
    List<String> unitsFrom(int index) {
        return this.cluster.units.subList(index, this.cluster.units.size()).stream()
                .map(unit -> (unit.asking() ? "?" : "")
                        + (unit.subscribe() ? "+" : "-")
                        + String.join(
                                ",",
                                unit.channels().stream()
                                        .map(ChannelName::toString)
                                        .toList()) + "@"
                        + unit.node().address.host())
                .toList();
    }

    int unitCount() {
        return this.cluster.units.size();
    }

    /** Closes while time goes on, since closing waits for sockets. */
    void close() {
        int before = this.time.executed();
        CompletableFuture<Void> closed = CompletableFuture.runAsync(this.subscriptions::close);
        while (this.time.executed() == before && !closed.isDone()) {
            Thread.onSpinWait();
        }
        while (!closed.isDone()) {
            this.time.advance(Duration.ofMillis(1));
            Thread.onSpinWait();
        }
        closed.join();
    }

    private void heard(ChannelTransition transition) {
        this.transitions.add(transition);
        ChannelName channel = transition.channel();
        assertThat(transition.from()).as("from, of %s", transition).isEqualTo(this.states.get(channel));
        ChannelState to = transition.to();
        if (to == null) {
            this.states.remove(channel);
            this.interruptedAt.remove(channel);
        } else {
            this.states.put(channel, to);
        }
        Interruption interruption = transition.interruption();
        if (to == ChannelState.INTERRUPTED) {
            Interruption begun = Objects.requireNonNull(interruption, "the interruption that begins");
            assertThat(this.interruptedAt.put(channel, begun.since())).isNull();
        }
        Instant since = to == ChannelState.SUBSCRIBED ? this.interruptedAt.remove(channel) : null;
        if (since != null) {
            assertThat(interruption).isNotNull();
            assertThat(durationOf(interruption)).isEqualTo(Duration.between(since, this.time.now()));
        } else if (to != ChannelState.INTERRUPTED) {
            assertThat(interruption).isNull();
        }
    }

    private static @Nullable Duration durationOf(@Nullable Interruption interruption) {
        return interruption == null ? null : interruption.duration();
    }

    /** Looked at after every event, so it is written for speed. */
    private void requireConsistency() {
        int[] counted = new int[ChannelState.values().length];
        List<ChannelStatus> all = this.subscriptions.channels();
        for (ChannelStatus status : all) {
            counted[status.state().ordinal()]++;
            require(this.states.get(channel(status.channel())) == status.state(), "the sum of all transitions");
        }
        require(all.size() == this.states.size(), "the sum of all transitions");
        Map<ChannelState, Integer> counts = this.subscriptions.counts();
        for (ChannelState state : ChannelState.values()) {
            require(counts.getOrDefault(state, -1) == counted[state.ordinal()], "the count of " + state);
        }
        List<ChannelStatus> unconfirmed = this.subscriptions.unconfirmed(Integer.MAX_VALUE);
        require(
                unconfirmed.size() == all.size() - counted[ChannelState.SUBSCRIBED.ordinal()],
                "the number of unconfirmed channels");
        Instant longest = Instant.MIN;
        for (ChannelStatus status : unconfirmed) {
            require(!status.since().isBefore(longest), "those that have waited longest come first");
            require(status.state() != ChannelState.SUBSCRIBED, "a confirmed channel among the others");
            longest = status.since();
        }
    }

    private static void require(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError("Not consistent: " + what);
        }
    }
}
