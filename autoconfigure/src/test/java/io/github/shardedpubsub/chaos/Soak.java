package io.github.shardedpubsub.chaos;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.publisher.ShardedPublisher;
import io.github.shardedpubsub.recovery.LastAcknowledged;
import io.github.shardedpubsub.recovery.RecoverySettings;
import io.github.shardedpubsub.recovery.ShardHistory;
import io.github.shardedpubsub.subscription.ChannelState;
import io.github.shardedpubsub.subscription.ShardSubscriptions;
import io.github.shardedpubsub.subscription.SlotFollowingSubscriptions;
import io.github.shardedpubsub.test.RedisNode;
import io.github.shardedpubsub.test.RedisReplyException;
import io.lettuce.core.ClientOptions.DisconnectedBehavior;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.cluster.ClusterClientOptions;
import io.lettuce.core.cluster.ClusterTopologyRefreshOptions;
import io.lettuce.core.cluster.RedisClusterClient;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Storms and quiet phases in turn, on one cluster with one application's subscriptions. */
final class Soak implements AutoCloseable {

    /** So many channels share a slot. */
    private static final int CHANNELS_OF_A_SLOT = 2;

    private static final int TURNS_OF_A_HISTORY = 5;

    private static final Duration COMMAND_TIMEOUT = Duration.ofSeconds(1);

    private static final Duration ARRIVAL = Duration.ofSeconds(5);

    private static final Duration PROGRESS = Duration.ofSeconds(10);

    private final ChaosSettings settings;

    private final FaultLog log;

    private final LoggedErrors errors = new LoggedErrors();

    private final ChaosCluster cluster;

    private final List<ChannelLedger> ledgers;

    private final List<HistoryLedger> histories;

    private final SubscriptionWatch watch;

    private final RedisClusterClient subscribing;

    private final RedisClusterClient publishing;

    private final ShardSubscriptions subscriptions;

    private final ShardedPublisher publisher;

    /** With a connection of its own, since all that is on one waits when it waits for replicas. */
    private final ShardedPublisher historyPublisher;

    private final Claims claims;

    private final HistoryListeners listeners;

    private final Traffic traffic;

    private final Storm storm;

    private final Healing healing;

    private final Progress progress;

    private final List<Violation> violations = new ArrayList<>();

    private final Tally tally = new Tally();

    private final HistoryTally historyTally = new HistoryTally();

    private Duration longestRecovery = Duration.ZERO;

    Soak(ChaosSettings settings, FaultLog log) {
        this.settings = settings;
        this.log = log;
        this.cluster = ChaosCluster.start();
        this.ledgers = IntStream.range(0, settings.channels())
                .mapToObj(i -> new ChannelLedger(ChannelName.of("chaos:{" + i / CHANNELS_OF_A_SLOT + "}:" + i)))
                .toList();
        this.histories = IntStream.range(0, settings.histories())
                .mapToObj(i -> new HistoryLedger(
                        ChannelName.of("kept:{" + i / CHANNELS_OF_A_SLOT + "}:" + i),
                        this.cluster.hazards(),
                        settings.replicas() > 0))
                .toList();
        Map<ChannelName, Ledger> byName = new HashMap<>();
        this.ledgers.forEach(ledger -> byName.put(ledger.channel(), ledger));
        this.histories.forEach(ledger -> byName.put(ledger.channel(), ledger));
        RecoverySettings recovery = settings.recovery("kept:*");
        this.watch = new SubscriptionWatch(byName);
        this.subscribing = RedisClusterClient.create(seeds(ChaosCluster.USER));
        this.subscriptions = SlotFollowingSubscriptions.start(
                this.subscribing, seeds(ChaosCluster.USER).get(0), ChaosSettings.SUBSCRIPTIONS);
        this.subscriptions.addObserver(this.watch);
        this.publishing = RedisClusterClient.create(seeds(null));
        this.publishing.setOptions(neverTwice());
        this.publisher = new ShardedPublisher(() -> this.publishing, null);
        ShardHistory history = new ShardHistory(recovery);
        this.historyPublisher = new ShardedPublisher(() -> this.publishing, null);
        this.historyPublisher.setHistory(history);
        this.claims = new Claims(this.subscriptions, this.ledgers);
        this.listeners = new HistoryListeners(this.subscribing, this.subscriptions, recovery, this.histories);
        this.traffic = new Traffic(
                ledger -> ledger instanceof HistoryLedger ? this.historyPublisher : this.publisher,
                turns(),
                settings.rate(),
                channel -> LastAcknowledged.of(history, channel));
        this.storm = new Storm(faults(), new FaultPlan(settings.seed(), settings.lossless()), log);
        this.healing = new Healing(this.cluster, log);
        this.progress = new Progress(PROGRESS, this::status);
    }

    /** Channels with a history have their turns more often, so that what an interruption takes does not fit into a page. */
    private List<Ledger> turns() {
        List<Ledger> turns = new ArrayList<>(this.ledgers);
        for (int i = 0; i < TURNS_OF_A_HISTORY; i++) {
            turns.addAll(i * turns.size() / TURNS_OF_A_HISTORY, this.histories);
        }
        return turns;
    }

    private List<RedisURI> seeds(@Nullable String user) {
        return this.cluster.redis().nodes().stream()
                .map(node -> {
                    RedisURI.Builder uri = RedisURI.builder()
                            .withHost(node.host())
                            .withPort(node.port())
                            .withTimeout(COMMAND_TIMEOUT);
                    return user == null
                            ? uri.build()
                            : uri.withAuthentication(user, ChaosCluster.PASSWORD)
                                    .build();
                })
                .toList();
    }

    /** Lettuce sends again what was on its way when a connection is lost, unless it rejects commands while it has none. */
    private static ClusterClientOptions neverTwice() {
        return ClusterClientOptions.builder()
                .disconnectedBehavior(DisconnectedBehavior.REJECT_COMMANDS)
                .timeoutOptions(TimeoutOptions.enabled(COMMAND_TIMEOUT))
                .socketOptions(
                        SocketOptions.builder().connectTimeout(COMMAND_TIMEOUT).build())
                .topologyRefreshOptions(ClusterTopologyRefreshOptions.builder()
                        .enablePeriodicRefresh(Duration.ofSeconds(1))
                        .enableAllAdaptiveRefreshTriggers()
                        .adaptiveRefreshTriggersTimeout(Duration.ofMillis(500))
                        .build())
                .build();
    }

    private Map<FaultKind, Fault> faults() {
        Map<FaultKind, Fault> faults = new EnumMap<>(FaultKind.class);
        new SlotFaults(this.cluster, turns(), this.settings.lossless()).addTo(faults);
        new NodeFaults(this.cluster).addTo(faults);
        new ClientFaults(this.cluster, this.claims, this.listeners).addTo(faults);
        return faults;
    }

    /** Ends early at the first quiet phase that finds something. */
    void run() throws InterruptedException {
        this.claims.claimAll();
        this.listeners.addAll();
        awaitRecovery();
        Instant end = Instant.now().plus(this.settings.duration());
        while (this.violations.isEmpty() && Instant.now().isBefore(end)) {
            this.traffic.flow();
            this.storm.rage(shorter(this.settings.storm(), Duration.between(Instant.now(), end)));
            calm();
        }
        if (!this.violations.isEmpty()) {
            noteShards();
        }
    }

    /** Nodes of one shard pass on to each other what is published. */
    private void noteShards() {
        this.cluster.redis().nodes().stream().filter(RedisNode::isAlive).forEach(node -> {
            String shard;
            try {
                shard = node.command("CLUSTER", "MYSHARDID");
            } catch (RedisReplyException ex) {
                // Redis 7.0 has none
                shard = String.valueOf(ex.getMessage());
            }
            this.log.note(node + ", a " + node.role() + " of shard " + shard);
        });
    }

    private static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    private void calm() {
        this.claims.claimAll();
        this.listeners.addAll();
        this.healing.heal();
        this.log.note("the cluster is well");
        awaitRecovery();
        settleTraffic();
        judge(this.tally);
        requireDelivery();
        this.watch.outOfStep().forEach(seen -> violation("out of step " + seen));
        this.errors.errors().forEach(error -> violation("an error was logged: " + error));
    }

    /** From when the cluster itself is well. What ended without a word is only known to have been found once an audit has passed. */
    private void awaitRecovery() {
        Instant begin = Instant.now();
        Instant audited = begin.plus(ChaosSettings.noticesSilentEnd());
        boolean recovered = ChaosCluster.await(
                ChaosSettings.RECOVERY, () -> allConfirmed() && !Instant.now().isBefore(audited));
        Duration took = Duration.between(begin, Instant.now());
        this.log.note("all channels confirmed: " + recovered + ", after " + took.toMillis() + " ms");
        if (took.compareTo(this.longestRecovery) > 0) {
            this.longestRecovery = took;
        }
        if (!recovered) {
            violation("not confirmed " + took.toMillis() + " ms after the cluster was well: "
                    + this.subscriptions.unconfirmed(5));
        }
    }

    private boolean allConfirmed() {
        if (!this.listeners.areAll()) {
            // what was refused while it was not allowed
            this.listeners.addAll();
            return false;
        }
        return this.claims.count() == this.ledgers.size()
                && this.subscriptions.counts().getOrDefault(ChannelState.SUBSCRIBED, 0)
                        == this.ledgers.size() + this.histories.size();
    }

    /** All that was published has been answered, and what is still to arrive has had time to. */
    private void settleTraffic() {
        this.traffic.pause();
        if (!ChaosCluster.await(ARRIVAL, this.traffic::isQuiet)) {
            violation("a message was neither published nor refused within " + ARRIVAL);
        }
        ChaosCluster.last(Duration.ofMillis(300));
    }

    private void judge(Tally into) {
        for (ChannelLedger ledger : this.ledgers) {
            this.violations.addAll(ledger.settle(this.cluster.silences().all(), into));
        }
    }

    /** On a cluster that is well, with every channel confirmed, a message on each arrives once, and nothing excuses one that does not. */
    private void requireDelivery() {
        Instant begin = Instant.now();
        this.traffic.publishOneEach();
        ChaosCluster.await(
                ARRIVAL,
                () -> this.traffic.isQuiet()
                        && Stream.concat(this.ledgers.stream(), this.histories.stream())
                                .noneMatch(Ledger::isMissing));
        for (ChannelLedger ledger : this.ledgers) {
            Tally one = new Tally();
            this.violations.addAll(ledger.settle(List.of(), one));
            if (one.published != 1 || one.arrived != 1) {
                this.violations.add(ledger.violation(
                        "all was well, and a message on the channel was not published or did not arrive: " + one,
                        begin,
                        Instant.now()));
            }
            this.tally.add(one);
        }
        // with it each listener must have, or have been told of, all that was before
        for (HistoryLedger ledger : this.histories) {
            if (ledger.isMissing()) {
                this.violations.add(ledger.violation(
                        "all was well, and a message did not arrive within " + ARRIVAL, begin, Instant.now()));
            }
            this.violations.addAll(ledger.settle(this.historyTally));
        }
    }

    private void violation(String what) {
        this.violations.add(new Violation(what, Instant.now(), Instant.now(), List.of()));
    }

    List<Violation> violations() {
        return this.violations;
    }

    String summary() {
        return this.cluster.redis().serverVersion() + ": " + this.log.count() + " faults; " + this.tally + "; "
                + this.historyTally + ", " + this.listeners + "; "
                + this.watch + "; longest recovery " + this.longestRecovery.toMillis() + " ms; faults: "
                + this.log.summary();
    }

    private String status() {
        return this.log.count() + " faults; " + this.traffic + "; " + this.watch + "; " + this.subscriptions.counts();
    }

    @Override
    public void close() {
        this.progress.close();
        this.traffic.close();
        this.publisher.close();
        this.historyPublisher.close();
        this.listeners.close();
        this.subscriptions.close();
        this.publishing.shutdown(Duration.ZERO, Duration.ofSeconds(2));
        this.subscribing.shutdown(Duration.ZERO, Duration.ofSeconds(2));
        this.cluster.close();
        this.errors.close();
    }
}
