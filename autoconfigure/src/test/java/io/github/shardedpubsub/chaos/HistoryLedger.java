package io.github.shardedpubsub.chaos;

import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.recovery.HistoryLoss;
import io.github.shardedpubsub.recovery.StreamPosition;
import io.github.shardedpubsub.subscription.ChannelTransition;
import io.github.shardedpubsub.test.RedisCluster;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What was published to one channel with a history, what each listener got of it and was told of, and whether that is what docs/recovery.md
 * promises: each message that was acknowledged once, at the place that was acknowledged, and in order, or a loss is told that covers its
 * place; and nothing is lost, and no loss told, but where a fault can have taken something from the history.
 */
final class HistoryLedger implements Ledger {

    private static final int REMEMBERED = 80;

    private final ChannelName channel;

    private final int slot;

    private final HistoryHazards hazards;

    /** Whether publishers wait for a replica. */
    private final boolean replicated;

    private final NavigableMap<Long, Acknowledged> acknowledged = new TreeMap<>();

    /** Those without an answer; also of former times, since they may come late. */
    private final Set<Long> failures = new HashSet<>();

    private int failed;

    private final List<Listening> listenings = new ArrayList<>();

    private final List<Told> losses = new ArrayList<>();

    private final Deque<String> history = new ArrayDeque<>();

    private long lastNumber;

    /** All up to this number have been judged and are forgotten. */
    private long settled;

    private boolean onItsWay;

    private record Acknowledged(Publication publication, StreamPosition position) {}

    private record Told(HistoryLoss loss, Instant at) {

        /** Whether this is what was said of a message at that place. */
        boolean covers(StreamPosition place) {
            StreamPosition before = this.loss.before();
            if (!isBefore(this.loss.after(), place)) {
                return false;
            }
            if (before == null) {
                return place.millis() <= this.at.toEpochMilli();
            }
            return isBefore(place, before)
                    || this.loss.cause() == HistoryLoss.Cause.WRITES_LOST && !isBefore(before, place);
        }
    }

    private record Arrival(long number, @Nullable StreamPosition position, boolean recovered) {}

    /** One listener, from its adding to its removal. Guarded by the ledger. */
    private static final class Listening {

        private final String name;

        /** The first message that it must not miss. */
        private long owedFrom = Long.MAX_VALUE;

        private boolean ended;

        private final List<Arrival> arrivals = new ArrayList<>();

        /** The last one that was acknowledged. */
        private long last;

        private final Set<Long> failuresSeen = new HashSet<>();

        Listening(String name) {
            this.name = name;
        }
    }

    /** Where a listener enters what it gets. */
    final class Entry {

        private final Listening listening;

        private Entry(Listening listening) {
            this.listening = listening;
        }

        /** Its adding has returned: from now on nothing may be missing. */
        void begun() {
            synchronized (HistoryLedger.this) {
                this.listening.owedFrom = HistoryLedger.this.lastNumber + 1;
                note(this.listening.name + " has begun; it is owed what is from " + this.listening.owedFrom + " on");
            }
        }

        void arrived(long number, @Nullable StreamPosition position, boolean recovered) {
            synchronized (HistoryLedger.this) {
                this.listening.arrivals.add(new Arrival(number, position, recovered));
            }
        }

        /** Its removal is about to begin. */
        void ending() {
            synchronized (HistoryLedger.this) {
                this.listening.ended = true;
                note(this.listening.name + " goes");
            }
        }
    }

    HistoryLedger(ChannelName channel, HistoryHazards hazards, boolean replicated) {
        this.channel = channel;
        this.slot = RedisCluster.slot(channel.toString());
        this.hazards = hazards;
        this.replicated = replicated;
    }

    private static boolean isBefore(StreamPosition one, StreamPosition other) {
        return one.millis() != other.millis() ? one.millis() < other.millis() : one.sequence() < other.sequence();
    }

    @Override
    public ChannelName channel() {
        return this.channel;
    }

    @Override
    public synchronized long next() {
        if (this.onItsWay) {
            return 0;
        }
        this.onItsWay = true;
        return ++this.lastNumber;
    }

    @Override
    public synchronized void published(Publication publication) {
        this.onItsWay = false;
        StreamPosition position = publication.position();
        if (position == null) {
            throw new AssertionError("Published without a place in the history: " + publication);
        }
        this.acknowledged.put(publication.number(), new Acknowledged(publication, position));
    }

    @Override
    public synchronized void notPublished(long number) {
        this.onItsWay = false;
        this.failures.add(number);
        this.failed++;
    }

    @Override
    public synchronized boolean isOnItsWay() {
        return this.onItsWay;
    }

    /** Whether a listener did not get the last one yet; with that it has, or was told of, all. */
    @Override
    public synchronized boolean isMissing() {
        if (this.acknowledged.isEmpty()) {
            return false;
        }
        long last = this.acknowledged.lastKey();
        return this.listenings.stream()
                .filter(listening -> !listening.ended && listening.owedFrom <= last)
                .anyMatch(listening -> listening.arrivals.stream().noneMatch(arrival -> arrival.number() == last));
    }

    synchronized Entry listener(String name) {
        Listening listening = new Listening(name);
        this.listenings.add(listening);
        return new Entry(listening);
    }

    synchronized void lost(HistoryLoss loss) {
        this.losses.add(new Told(loss, Instant.now()));
        note("told of " + loss);
    }

    @Override
    public synchronized void changed(ChannelTransition transition) {
        note(transition.from() + " -> " + transition.to() + " at " + transition.node() + ": " + transition.detail());
    }

    private void note(String what) {
        this.history.addLast(Instant.now() + " " + what);
        if (this.history.size() > REMEMBERED) {
            this.history.removeFirst();
        }
    }

    /** Judges all there is, and forgets it. Nothing may be on its way, and nothing that was acknowledged may be behind. */
    synchronized List<Violation> settle(HistoryTally tally) {
        List<Violation> violations = new ArrayList<>();
        Set<Told> forSomething = new HashSet<>();
        for (Listening listening : this.listenings) {
            judgeOrder(listening, tally, violations);
            judgeLosses(listening, tally, forSomething, violations);
        }
        this.losses.forEach(told -> judgeTold(told, tally, forSomething.contains(told), violations));
        tally.published += this.acknowledged.size();
        tally.notPublished += this.failed;
        this.settled = this.lastNumber;
        this.listenings.removeIf(listening -> listening.ended);
        this.listenings.forEach(listening -> listening.arrivals.clear());
        this.acknowledged.clear();
        this.losses.clear();
        this.failed = 0;
        return violations;
    }

    private void judgeOrder(Listening listening, HistoryTally tally, List<Violation> violations) {
        Set<Long> seen = new HashSet<>();
        long highest = 0;
        for (Arrival arrival : listening.arrivals) {
            long number = arrival.number();
            tally.arrived++;
            tally.recovered += arrival.recovered() ? 1 : 0;
            Acknowledged known = this.acknowledged.get(number);
            if (known == null && this.failures.contains(number)) {
                tally.unknownArrived++;
                tally.unknownLate += number < highest ? 1 : 0;
                if (!listening.failuresSeen.add(number)) {
                    violations.add(violation(listening.name + " got " + number + " twice, which had no answer"));
                }
            } else if (known == null || number <= this.settled) {
                violations.add(violation(listening.name + " got " + number + " long after it was published"));
            } else if (!seen.add(number)) {
                violations.add(violation(listening.name + " got " + number + " twice", known));
            } else if (number < listening.last) {
                violations.add(violation(listening.name + " got " + number + " after " + listening.last, known));
            } else {
                listening.last = number;
                if (!known.position().equals(arrival.position())) {
                    violations.add(violation(listening.name + " got " + number + " at " + arrival.position(), known));
                }
            }
            highest = Math.max(highest, number);
        }
    }

    private void judgeLosses(
            Listening listening, HistoryTally tally, Set<Told> forSomething, List<Violation> violations) {
        Set<Long> arrived = new HashSet<>();
        listening.arrivals.forEach(arrival -> arrived.add(arrival.number()));
        for (Map.Entry<Long, Acknowledged> each : this.acknowledged.entrySet()) {
            long number = each.getKey();
            boolean owed = number >= listening.owedFrom && (!listening.ended || number < listening.last);
            if (!owed || arrived.contains(number)) {
                continue;
            }
            Acknowledged missing = each.getValue();
            List<Told> covering = this.losses.stream()
                    .filter(told -> told.covers(missing.position()))
                    .toList();
            forSomething.addAll(covering);
            Publication publication = missing.publication();
            if (covering.isEmpty()) {
                violations.add(violation(listening.name + " did not get " + number + " and was not told", missing));
            } else if (!this.hazards.explains(this.slot, publication.sent(), publication.answered(), this.replicated)) {
                violations.add(violation(
                        listening.name + " did not get " + number + ", and nothing has taken it, but was told "
                                + covering,
                        missing));
            } else {
                tally.lost++;
            }
        }
    }

    private void judgeTold(Told told, HistoryTally tally, boolean forSomething, List<Violation> violations) {
        HistoryLoss loss = told.loss();
        tally.told.merge(loss.cause(), 1, Integer::sum);
        tally.toldForNothing += forSomething ? 0 : 1;
        Instant from = Instant.ofEpochMilli(loss.after().millis());
        StreamPosition before = loss.before();
        Instant until = before != null ? Instant.ofEpochMilli(before.millis()) : told.at();
        if (loss.cause() == HistoryLoss.Cause.TRIMMED || loss.cause() == HistoryLoss.Cause.EXPIRED) {
            violations.add(violation("a history that is long enough, and told: " + loss, from, until));
        } else if (!this.hazards.explains(this.slot, from, until, false)) {
            violations.add(violation("nothing has taken anything, and told: " + loss, from, until));
        }
        if (loss.cause() == HistoryLoss.Cause.WRITES_LOST && before != null && haveAll(before)) {
            violations.add(violation("all have the last one, and told: " + loss, from, until));
        }
    }

    /** Whether each listener got what was at that place. */
    private boolean haveAll(StreamPosition place) {
        Map<Listening, Boolean> have = new HashMap<>();
        for (Listening listening : this.listenings) {
            have.put(listening, listening.arrivals.stream().anyMatch(arrival -> place.equals(arrival.position())));
        }
        return !have.isEmpty() && !have.containsValue(false);
    }

    private Violation violation(String what) {
        return violation(what, Instant.now(), Instant.now());
    }

    private Violation violation(String what, Acknowledged concerned) {
        return violation(
                what + ": " + concerned,
                concerned.publication().sent(),
                concerned.publication().answered());
    }

    @Override
    public synchronized Violation violation(String what, Instant from, Instant until) {
        return new Violation(this.channel + ": " + what, from, until, List.copyOf(this.history));
    }
}
