package io.github.shardedpubsub.subscription;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.pipe.Outcome;
import io.github.shardedpubsub.pipe.ReplyError;
import io.github.shardedpubsub.subscription.WantedChannel.Actual;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes what the nodes have confirmed agree with what is wanted. Every event only changes one of the two and queues the channels
 * concerned; {@link #closeDifference} is the one piece of code that asks nodes for anything, so that no event has a way of repair
 * of its own.
 *
 * <p>All of it runs on the thread of its {@link Timeline}.
 */
final class Reconciler {

    private static final Logger logger = LoggerFactory.getLogger(Reconciler.class);

    /** A chain of redirects longer than this comes from nodes that do not agree yet; asking on at once would not help. */
    private static final int MAX_REDIRECTS = 5;

    /** A confirmation that lasts no longer than this has not got the channel anywhere. */
    private static final long FLAP_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

    private static final int MAX_FLAPS = 10;

    private static final int MAX_UNSUBSCRIBES = 5;

    private final Cluster cluster;

    private final SubscriptionSettings settings;

    private final Timeline timeline;

    private final Backoff backoff;

    private final Standings standings;

    private final ClusterView view;

    private final TopologyWatch topology;

    private final ConcurrentMap<NodeAddress, NodeConnection> nodes = new ConcurrentHashMap<>();

    private Deque<WantedChannel> queue = new ArrayDeque<>();

    private final CompletableFuture<Void> closed = new CompletableFuture<>();

    private final Arrivals arrivals;

    private final WarmConnections warm;

    private final BusFence busFence;

    private final UpstreamCheck upstreams;

    private final Checks checks;

    private final Audit audit;

    private final Handovers handovers;

    private final MigrationWatch migrations;

    private boolean closing;

    Reconciler(Cluster cluster, SubscriptionSettings settings, Timeline timeline) {
        this.cluster = cluster;
        this.settings = settings;
        this.timeline = timeline;
        this.backoff = new Backoff(settings.backoffInitial(), settings.backoffMax());
        this.standings = new Standings(timeline);
        this.standings.addObserver(new InterruptionLog(timeline));
        this.view = new ClusterView(this);
        this.topology = new TopologyWatch(this.view::look, timeline, settings, this::topologyLookedAt);
        cluster.onChange(() -> timeline.execute(this.topology::changed));
        this.arrivals = new Arrivals(this.standings, timeline);
        this.warm = new WarmConnections(this);
        this.busFence = new BusFence(this);
        this.upstreams = new UpstreamCheck(this, this.busFence, this::upstreamTold);
        this.checks = new Checks(this::foundDead);
        this.audit = new Audit(this);
        this.audit.start();
        this.handovers = new Handovers(this);
        this.migrations = new MigrationWatch(this, this.handovers);
        this.migrations.start();
        new DeliveryProbe(this).start();
    }

    Cluster cluster() {
        return this.cluster;
    }

    ClusterView view() {
        return this.view;
    }

    SubscriptionSettings settings() {
        return this.settings;
    }

    Timeline timeline() {
        return this.timeline;
    }

    Standings standings() {
        return this.standings;
    }

    TopologyWatch topology() {
        return this.topology;
    }

    Arrivals arrivals() {
        return this.arrivals;
    }

    Checks checks() {
        return this.checks;
    }

    boolean isClosing() {
        return this.closing;
    }

    Collection<NodeConnection> nodes() {
        return this.nodes.values();
    }

    /** Does something at intervals until the end; an interval of zero never does. */
    void every(Duration interval, Runnable task) {
        if (!interval.isZero()) {
            this.timeline.schedule(interval, () -> {
                if (!this.closing) {
                    task.run();
                    every(interval, task);
                }
            });
        }
    }

    Duration backoff(int failures) {
        return this.backoff.after(failures, this.timeline.random());
    }

    // What is wanted

    void claim(Collection<Claim> claims) {
        for (Claim claim : claims) {
            if (this.closing) {
                claim.abandon();
                continue;
            }
            WantedChannel channel = this.standings.get(claim.channel());
            if (channel == null) {
                boolean first = this.standings.isEmpty();
                channel = this.standings.add(claim.channel());
                if (first) {
                    this.warm.keep();
                }
            } else if (!channel.isWanted() && (channel.actual == Actual.UNSUBSCRIBING || channel.doubtful)) {
                this.standings.wantedAgain(channel);
                channel.endWait();
            }
            channel.add(claim);
            takeBack(channel);
            if (channel.isConfirmed()) {
                claim.confirm();
            } else if (channel.standing.state() == ChannelState.REFUSED) {
                // somebody wants it anew: the permission may have been given meanwhile
                channel.endWait();
            }
            enqueue(channel);
        }
    }

    void release(Claim claim) {
        claim.cancel();
        WantedChannel channel = this.standings.get(claim.channel());
        if (channel == null || !channel.remove(claim)) {
            claim.end();
            return;
        }
        readingChanged(claim.channel());
        enqueue(channel);
    }

    /**
     * A claim has no room. On any thread: messages come until it is done.
     *
     * @param again whether the same claim has said so before
     */
    void pauseReading(ChannelName name, boolean again) {
        WantedChannel channel = this.standings.get(name);
        Set<NodeConnection> heard = channel != null ? channel.heard() : Set.of();
        if (!(again && heard.stream().allMatch(node -> node.reading().isPaused()))) {
            heard.forEach(node -> node.reading().pauseNow());
            this.timeline.execute(() -> {
                readingChanged(name);
                // the channel may have left one just before it was paused
                heard.forEach(node -> node.reading().settle());
            });
        }
    }

    void readingChanged(ChannelName name) {
        WantedChannel channel = this.standings.get(name);
        if (channel != null) {
            channel.heard().forEach(node -> node.reading().changed(channel));
        }
    }

    /** The node may be gone meanwhile. */
    void reconnect(NodeAddress address) {
        NodeConnection node = this.nodes.get(address);
        if (node != null && !this.closing) {
            node.reopen("closed on request, to be opened anew");
        }
    }

    /** For an application that decides itself when; all with null. */
    void resubscribe(@Nullable ChannelName name) {
        if (name == null) {
            this.standings.unconfirmed().forEach(pursuit -> takeBack(pursuit.channel));
        } else {
            this.standings.only(name).forEach(this::takeBack);
        }
    }

    private void takeBack(WantedChannel channel) {
        Pursuit pursuit = channel.pursuit;
        if (pursuit != null && pursuit.leftToApplication) {
            pursuit.leftToApplication = false;
            // what was a hint then is not one any more
            pursuit.hint = null;
            channel.endWait();
            enqueue(channel);
        }
    }

    private void interrupted(
            WantedChannel channel, InterruptionCause cause, NodeAddress node, Instant since, String detail) {
        this.standings.interrupted(channel, cause, node, since, detail);
        if (this.settings.resubscribe() == ResubscribeMode.NOTIFY) {
            channel.pursuit().leftToApplication = true;
        }
    }

    // What the nodes tell

    void connected(NodeConnection node) {
        logger.debug("Connected to {}", node);
        this.standings.observe(observer -> observer.connected(node.address()));
        List<WantedChannel> waiting = node.awaiting();
        // asked here, as they were to be: a redirect may have named a node that the topology knows nothing of yet
        waiting.forEach(channel -> channel.pursuit().hint = node.address());
        reconsider(waiting);
        this.busFence.connected(node);
    }

    void connectFailed(NodeConnection node, String reason) {
        logger.debug("Cannot connect to {}: {}", node, reason);
        this.standings.observe(observer -> observer.disconnected(node.address(), reason));
        node.awaiting().forEach(channel -> this.standings.failed(channel, node.address(), reason));
        this.topology.lookSoon();
    }

    void disconnected(NodeConnection node, String reason, boolean outOfStep) {
        List<WantedChannel> lost = node.held.copy();
        logger.atWarn()
                .addKeyValue("node", node.address())
                .addKeyValue("channels", lost.size())
                .log("Connection to {} lost with {} shard channels on it: {}", node, lost.size(), reason);
        this.standings.observe(observer -> observer.disconnected(node.address(), reason));
        this.handovers.disconnected(node);
        InterruptionCause cause = outOfStep ? InterruptionCause.OUT_OF_STEP : InterruptionCause.CONNECTION_LOST;
        for (WantedChannel channel : lost) {
            boolean wasConfirmed = channel.isConfirmed();
            letGo(channel);
            if (wasConfirmed) {
                interrupted(channel, cause, node.address(), this.timeline.now(), reason);
            } else {
                this.standings.failed(channel, node.address(), reason);
            }
            enqueue(channel);
        }
        this.topology.lookAfterwards();
    }

    void endedByServer(NodeConnection node, ChannelName name) {
        node.mayBeReplica();
        if (node.disown(name)) {
            return;
        }
        this.standings.observe(observer -> observer.endedByServer(name, node.address()));
        this.migrations.sign(node);
        WantedChannel channel = this.standings.get(name);
        if (channel == null) {
            return;
        }
        NodeAddress successor = Handovers.successor(channel, node);
        if (this.handovers.ended(channel, node) || channel.holder != node) {
            return;
        }
        switch (channel.actual) {
            case SUBSCRIBED ->
                ended(channel, node, InterruptionCause.ENDED_BY_SERVER, "the node ended the subscription", successor);
            // it can be told before the outcome that it came behind, which was not looked at yet when it was there
            case SUBSCRIBING, UNSUBSCRIBING -> channel.endedMeanwhile = true;
            case NONE -> {
                // waits for a connection: nothing is subscribed
            }
        }
    }

    private void ended(
            WantedChannel channel,
            NodeConnection node,
            InterruptionCause cause,
            String detail,
            @Nullable NodeAddress successor) {
        letGo(channel);
        if (channel.isWanted()) {
            interrupted(channel, cause, node.address(), this.timeline.now(), detail);
            Pursuit pursuit = channel.pursuit();
            pursuit.endedBy = node;
            if (successor != null) {
                pursuit.hint = successor;
            } else {
                askTheSameAgain(channel, node, this.timeline.nanoTime() - channel.confirmedAtNanos < FLAP_NANOS);
            }
        }
        enqueue(channel);
    }

    /**
     * The source has ended the channel, which is confirmed at the target since before. Asked again there, which tells whether it was
     * the cut-over: only then was nothing interrupted.
     */
    void takeOver(WantedChannel channel, NodeConnection source, NodeConnection target) {
        Instant since = this.timeline.now();
        letGo(channel);
        hold(channel, target);
        channel.become(Actual.SUBSCRIBED);
        channel.confirmedAtNanos = this.timeline.nanoTime();
        channel.asked++;
        SlotBatches asking = new SlotBatches(
                NodeConnection::subscribe,
                (asked, node, outcome, withOthers) ->
                        takeOverAnswered(asked, source, node, since, outcome, withOthers));
        asking.add(target, channel);
        var unused = asking.send();
        enqueue(channel);
    }

    /**
     * As {@link #takeOver}, where the source may have ended the channel before the target had it, and what was published in between was
     * lost.
     */
    void followUnproven(WantedChannel channel, NodeConnection source, NodeConnection target) {
        letGo(channel);
        interrupted(
                channel,
                InterruptionCause.ENDED_BY_SERVER,
                source.address(),
                this.timeline.now(),
                "the node ended the subscription, maybe before " + target + " had begun it");
        // what comes from there is taken from now on
        hold(channel, target);
        channel.pursuit().hint = target.address();
        enqueue(channel);
    }

    private void takeOverAnswered(
            WantedChannel channel,
            NodeConnection source,
            NodeConnection target,
            Instant since,
            Outcome outcome,
            boolean withOthers) {
        if (channel.actual != Actual.SUBSCRIBED || !channel.isWanted()) {
            return;
        }
        if (outcome instanceof Outcome.Confirmed) {
            this.migrations.sign(target);
            this.standings.handedOver(channel, source.address(), target.address());
            return;
        }
        letGo(channel);
        interrupted(
                channel,
                InterruptionCause.ENDED_BY_SERVER,
                source.address(),
                since,
                "ended by " + source + ", and not served by " + target);
        refusedOrFailed(channel, target, outcome, withOthers);
    }

    /** The new owner has ended the early subscription to serve the slot from now on, and is asked again. */
    void cutOver(WantedChannel channel, NodeConnection source, NodeConnection target) {
        if (channel.holder == source && channel.isConfirmed()) {
            letGo(channel);
            interrupted(
                    channel,
                    InterruptionCause.ENDED_BY_SERVER,
                    source.address(),
                    this.timeline.now(),
                    "the slot's new owner took it over, and is asked again");
            channel.pursuit().hint = target.address();
            this.migrations.sign(target);
            enqueue(channel);
        }
    }

    /** At once: it serves the slot still, or its redirect names who does, in one round trip. */
    private void askTheSameAgain(WantedChannel channel, NodeConnection node, boolean flapping) {
        Pursuit pursuit = channel.pursuit();
        pursuit.hint = node.address();
        pursuit.flaps = flapping ? pursuit.flaps + 1 : 0;
        if (pursuit.flaps > MAX_FLAPS) {
            waitBeforeNext(channel, backoff(pursuit.flaps - MAX_FLAPS));
        }
    }

    /** A wait ends early where another owner is known than the one that failed. */
    private void topologyLookedAt() {
        boolean unserved = false;
        for (Pursuit pursuit : this.standings.unconfirmed()) {
            WantedChannel channel = pursuit.channel;
            if (channel.actual != Actual.NONE) {
                continue;
            }
            NodeAddress owner = this.view.ownerOf(channel.slot);
            if (owner != null && !owner.equals(channel.standing.node())) {
                if (channel.standing.state() != ChannelState.REFUSED) {
                    channel.endWait();
                }
                enqueue(channel);
            } else {
                if (owner == null && channel.standing.node() == null) {
                    this.standings.failed(channel, null, this.view.unserved(channel.slot));
                }
                NodeConnection holder = channel.holder;
                unserved |= owner == null || holder != null && !holder.isConnected();
            }
        }
        if (unserved) {
            this.topology.lookSoon();
        }
        this.warm.keep();
        this.audit.topologyLookedAt();
    }

    // Closing the difference

    void reconsider(Collection<WantedChannel> channels) {
        channels.forEach(this::enqueue);
    }

    private void enqueue(WantedChannel channel) {
        if (channel.queued) {
            return;
        }
        channel.queued = true;
        this.queue.add(channel);
        if (this.queue.size() == 1) {
            this.timeline.execute(this::closeDifference);
        }
    }

    private void closeDifference() {
        SlotBatches subscribes = new SlotBatches(NodeConnection::subscribe, this::subscribeAnswered);
        SlotBatches unsubscribes = new SlotBatches(NodeConnection::unsubscribe, this::unsubscribeAnswered);
        for (WantedChannel channel = this.queue.poll(); channel != null; channel = this.queue.poll()) {
            channel.queued = false;
            if (!this.closing) {
                closeDifference(channel, subscribes, unsubscribes);
            }
        }
        // one that has been large stays large
        this.queue = new ArrayDeque<>();
        var unused = List.of(subscribes.send(), unsubscribes.send());
        this.upstreams.ask();
        this.busFence.passGathered();
    }

    private void closeDifference(WantedChannel channel, SlotBatches subscribes, SlotBatches unsubscribes) {
        switch (channel.actual) {
            case NONE -> {
                if (!channel.isWanted()) {
                    forget(channel);
                } else if (!channel.pursuit().waits()) {
                    askWhereServed(channel, subscribes);
                }
            }
            case SUBSCRIBED -> {
                NodeConnection holder = channel.holder;
                if (!channel.isWanted() && !channel.isBackingOff() && holder != null) {
                    giveUpHandover(channel);
                    channel.become(Actual.UNSUBSCRIBING);
                    channel.endedMeanwhile = false;
                    channel.asked++;
                    unsubscribes.add(holder, channel);
                } else if (channel.isWanted() && channel.doubtful) {
                    letGo(channel);
                    enqueue(channel);
                }
            }
            case SUBSCRIBING, UNSUBSCRIBING -> {
                // the answer will queue it again
            }
        }
    }

    private void askWhereServed(WantedChannel channel, SlotBatches subscribes) {
        Pursuit pursuit = channel.pursuit();
        NodeAddress address = pursuit.hint != null ? pursuit.hint : this.view.ownerOf(channel.slot);
        pursuit.hint = null;
        if (address == null) {
            leaveHolder(channel);
            this.topology.lookSoon();
            this.standings.failed(channel, null, this.view.unserved(channel.slot));
            return;
        }
        NodeConnection node = node(address);
        NodeConnection before = pursuit.endedBy;
        if (before != null && before.passesOnTo(node)) {
            passOverBus(channel, pursuit, before, node);
            return;
        }
        hold(channel, node);
        if (!node.isConnected()) {
            node.await(channel);
            return;
        }
        node.awaitNoMore(channel);
        channel.become(Actual.SUBSCRIBING);
        pursuit.held = null;
        pursuit.question = null;
        if (!node.isProvenUpstream()) {
            pursuit.held = new HeldMessages();
            pursuit.question = this.upstreams.gather(node);
        }
        channel.endedMeanwhile = false;
        this.standings.subscribing(channel, address);
        channel.asked++;
        subscribes.add(node, channel);
    }

    /** The next node is asked when all has come there that the last one has delivered. */
    private void passOverBus(WantedChannel channel, Pursuit pursuit, NodeConnection before, NodeConnection next) {
        leaveHolder(channel);
        pursuit.endedBy = null;
        pursuit.onTheBus = true;
        this.busFence.gather(before, next, () -> {
            if (pursuit.onTheBus) {
                pursuit.onTheBus = false;
                pursuit.hint = next.address();
                enqueue(channel);
            }
        });
    }

    NodeConnection node(NodeAddress address) {
        NodeConnection node = this.nodes.get(address);
        return node != null ? node : this.nodes.computeIfAbsent(address, where -> new NodeConnection(where, this));
    }

    private void subscribeAnswered(WantedChannel channel, NodeConnection node, Outcome outcome, boolean withOthers) {
        if (channel.actual != Actual.SUBSCRIBING) {
            return;
        }
        if (outcome instanceof Outcome.Confirmed) {
            confirmed(channel, node, node.isProvenUpstream());
            return;
        }
        letGo(channel);
        refusedOrFailed(channel, node, outcome, withOthers);
    }

    /**
     * The node has confirmed the channel.
     *
     * @param asUpstream whether it is known to be an upstream node, or cannot be known
     */
    private void confirmed(WantedChannel channel, NodeConnection node, boolean asUpstream) {
        if (channel.endedMeanwhile) {
            letGo(channel);
            askTheSameAgain(channel, node, true);
            enqueue(channel);
            return;
        }
        if (!asUpstream) {
            this.upstreams.confirmed(channel, node);
            return;
        }
        channel.become(Actual.SUBSCRIBED);
        channel.confirmedAtNanos = this.timeline.nanoTime();
        this.standings.subscribed(channel, node.address());
        releaseHeld(channel);
        channel.endPursuit();
        channel.claims().forEach(Claim::confirm);
        if (!channel.isWanted()) {
            enqueue(channel);
        }
    }

    private static void releaseHeld(WantedChannel channel) {
        Pursuit pursuit = channel.pursuit;
        HeldMessages held = pursuit != null ? pursuit.held : null;
        if (held != null) {
            held.release(channel);
        }
    }

    private void dropHeld(WantedChannel channel, NodeConnection node) {
        Pursuit pursuit = channel.pursuit;
        HeldMessages held = pursuit != null ? pursuit.held : null;
        if (pursuit != null && held != null) {
            pursuit.held = null;
            for (int dropped = held.drop(); dropped > 0; dropped--) {
                this.standings.observe(observer -> observer.strayMessage(channel.name, node.address()));
            }
        }
    }

    private void upstreamTold(WantedChannel channel, NodeConnection node, @Nullable NodeAddress upstream) {
        if (upstream == null || !channel.isWanted()) {
            confirmed(channel, node, true);
            return;
        }
        letGo(channel);
        this.arrivals.leaveOver(node, channel.name, false);
        channel.pursuit().endedBy = null;
        channel.pursuit().hint = upstream;
        enqueue(channel);
    }

    private void refusedOrFailed(WantedChannel channel, NodeConnection node, Outcome outcome, boolean withOthers) {
        if (outcome instanceof Outcome.Refused refused) {
            refused(channel, node, refused.error(), withOthers);
        } else if (outcome instanceof Outcome.Unknown unknown) {
            failed(channel, node, unknown.reason());
        }
        enqueue(channel);
    }

    private void refused(WantedChannel channel, NodeConnection node, ReplyError error, boolean withOthers) {
        Pursuit pursuit = channel.pursuit();
        Redirect redirect = Redirect.parse(error.message(), node.address());
        if (redirect != null) {
            this.standings.observe(observer -> observer.redirected(redirect.slot(), node.address(), redirect.target()));
            this.topology.lookAfterwards();
            NodeConnection next = this.nodes.get(redirect.target());
            if (next != null) {
                this.migrations.sign(next);
            }
            if (pursuit.redirects++ < MAX_REDIRECTS) {
                pursuit.hint = redirect.target();
                return;
            }
            pursuit.redirects = 0;
        } else if (withOthers && mayConcernOthers(error)) {
            pursuit.alone = true;
            pursuit.hint = node.address();
            return;
        } else if (error.isFinal()) {
            this.standings.refused(channel, node.address(), error.message());
            ShardSubscriptionRefusedException refusal =
                    new ShardSubscriptionRefusedException(channel.name.toString(), node.address(), error.message());
            channel.claims().forEach(claim -> claim.refuse(refusal));
            waitBeforeNext(channel, this.settings.refusedRetry());
            return;
        } else if (error.code().equals("NOAUTH")) {
            node.reconnect(error.message());
        }
        failed(channel, node, error.message());
    }

    /** A user may lack one channel of a unit, and the whole unit is refused; one who lacks the command lacks it for all. */
    private static boolean mayConcernOthers(ReplyError error) {
        return error.code().equals("NOPERM") && !error.message().endsWith(" command");
    }

    private void failed(WantedChannel channel, NodeConnection node, String reason) {
        int failures = ++channel.pursuit().failures;
        this.standings.failed(channel, node.address(), reason);
        waitBeforeNext(channel, backoff(failures));
        this.topology.lookSoon();
    }

    private void unsubscribeAnswered(WantedChannel channel, NodeConnection node, Outcome outcome, boolean withOthers) {
        if (channel.actual != Actual.UNSUBSCRIBING) {
            return;
        }
        boolean done = outcome instanceof Outcome.Confirmed || channel.endedMeanwhile;
        if (done || channel.isWanted() || channel.pursuit().failures++ == MAX_UNSUBSCRIBES) {
            letGo(channel);
            if (!done && !channel.isWanted()) {
                // where it is alive still its messages are dropped and counted
                node.leftovers.add(channel.name);
            }
            channel.pursuit().failures = 0;
        } else {
            // a refused unsubscribe may leave the subscription alive, and it does no harm to ask again
            channel.become(Actual.SUBSCRIBED);
            channel.doubtful = true;
            waitBeforeNext(channel, backoff(channel.pursuit().failures));
        }
        enqueue(channel);
    }

    private void waitBeforeNext(WantedChannel channel, Duration delay) {
        Pursuit pursuit = channel.pursuit();
        pursuit.backingOff = true;
        int wait = ++pursuit.wait;
        this.timeline.schedule(delay, () -> {
            if (pursuit.backingOff && pursuit.wait == wait) {
                pursuit.backingOff = false;
                this.standings.observe(observer -> observer.retried(channel.name));
                enqueue(channel);
            }
        });
    }

    private void hold(WantedChannel channel, NodeConnection node) {
        if (channel.holder != node) {
            leaveHolder(channel);
            if (channel.handover != null && channel.handover.target != node) {
                // it went another way than was foreseen
                giveUpHandover(channel);
            }
            channel.holder = node;
            node.held.add(channel);
            node.leftovers.remove(channel.name);
            this.audit.held(channel);
        }
    }

    /** The node has nothing to do with the channel any more, as far as is known; whom to ask is open. */
    private void letGo(WantedChannel channel) {
        channel.become(Actual.NONE);
        leaveHolder(channel);
    }

    private void leaveHolder(WantedChannel channel) {
        NodeConnection holder = channel.holder;
        if (holder != null) {
            channel.holder = null;
            dropHeld(channel, holder);
            holder.held.remove(channel);
            holder.awaitNoMore(channel);
            holder.reading().goOnWithout(channel);
            holder.closeWhenIdle();
        }
    }

    private void giveUpHandover(WantedChannel channel) {
        if (channel.handover != null) {
            this.handovers.giveUp(channel.handover);
        }
    }

    private void forget(WantedChannel channel) {
        letGo(channel);
        giveUpHandover(channel);
        channel.endWait();
        channel.pursuit().onTheBus = false;
        this.standings.remove(channel);
        if (this.standings.isEmpty()) {
            this.warm.keep();
        }
        channel.ended();
    }

    void forget(NodeConnection node) {
        this.nodes.remove(node.address(), node);
    }

    // Asking whether what is believed is so

    /** The number of channels asked about is told when all their nodes have answered. */
    CompletableFuture<Integer> check(@Nullable ChannelName name) {
        List<WantedChannel> chosen = new ArrayList<>();
        for (WantedChannel channel : name == null ? this.standings.all() : this.standings.only(name)) {
            chosen.add(channel);
            if (channel.actual == Actual.NONE) {
                channel.endWait();
                enqueue(channel);
            }
        }
        this.topology.lookSoon();
        return CompletableFuture.anyOf(this.checks.ask(chosen), this.closed).thenApply(any -> chosen.size());
    }

    private void foundDead(WantedChannel channel, NodeConnection node, ReplyError error) {
        String finding = channel.name + " is not subscribed any more: " + error.message();
        this.standings.observe(observer -> observer.auditFound(node.address(), finding));
        ended(channel, node, InterruptionCause.FOUND_DEAD, error.message(), null);
    }

    // The end

    /** Completed when every socket is closed. */
    CompletableFuture<Void> close() {
        this.closing = true;
        this.closed.complete(null);
        this.topology.stop();
        this.cluster.close();
        List<CompletableFuture<Void>> closed = new ArrayList<>();
        this.nodes.values().forEach(node -> closed.add(node.close()));
        this.nodes.clear();
        for (WantedChannel channel : this.standings.all()) {
            channel.claims().forEach(Claim::abandon);
            channel.ended();
            channel.holder = null;
            this.standings.remove(channel);
        }
        return CompletableFuture.allOf(closed.toArray(CompletableFuture<?>[]::new));
    }
}
