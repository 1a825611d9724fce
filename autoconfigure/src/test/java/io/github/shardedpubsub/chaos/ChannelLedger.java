package io.github.shardedpubsub.chaos;

import io.github.shardedpubsub.chaos.Silences.Silence;
import io.github.shardedpubsub.pipe.ChannelName;
import io.github.shardedpubsub.subscription.ChannelState;
import io.github.shardedpubsub.subscription.ChannelTransition;
import io.github.shardedpubsub.subscription.Interruption;
import io.github.shardedpubsub.test.RedisCluster;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What was published to one channel, what of it arrived, and how the channel was said to stand meanwhile; and whether the three fit
 * together. Messages are numbered from 1. There is never more than one on its way, so that the order of two that servers have taken
 * is certain; one that could not be published, or whose answer was lost, may still arrive, once and at any time. Thread-safe.
 */
final class ChannelLedger implements Ledger {

    /**
     * A message can be written to a subscriber and be lost with the connection or the subscription that ends then; so long before
     * the end was noticed it may have been published. A few milliseconds on a quiet machine; 277 ms have been seen with two processors
     * and a load of ten, between a server's closing of connections and the telling of it. This holds on such a machine.
     */
    private static final Duration ON_THE_WAY = Duration.ofMillis(500);

    private static final int REMEMBERED = 60;

    private final ChannelName channel;

    private final int slot;

    private final List<Publication> publications = new ArrayList<>();

    private final Set<Long> failures = new HashSet<>();

    private final List<Long> arrivals = new ArrayList<>();

    private final List<Gap> gaps = new ArrayList<>();

    private final List<String> untold = new ArrayList<>();

    private final Deque<String> history = new ArrayDeque<>();

    private @Nullable Gap unconfirmed;

    private @Nullable Instant unclaimedSince;

    private @Nullable Instant interruptedSince;

    private long lastNumber;

    /** All up to this number have been judged and are forgotten. */
    private long settled;

    private boolean onItsWay;

    ChannelLedger(ChannelName channel) {
        this.channel = channel;
        this.slot = RedisCluster.slot(channel.toString());
        this.unconfirmed = new Gap(Instant.EPOCH, Instant.MAX, null, "not confirmed yet");
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
        this.publications.add(publication);
    }

    @Override
    public synchronized void notPublished(long number) {
        this.onItsWay = false;
        this.failures.add(number);
    }

    @Override
    public synchronized boolean isOnItsWay() {
        return this.onItsWay;
    }

    synchronized void arrived(long number) {
        this.arrivals.add(number);
    }

    @Override
    public synchronized boolean isMissing() {
        return !new HashSet<>(this.arrivals)
                .containsAll(this.publications.stream().map(Publication::number).toList());
    }

    /** The last claim is about to be released: from now on nothing needs to arrive. */
    synchronized void releasing() {
        if (this.unclaimedSince == null) {
            this.unclaimedSince = Instant.now();
        }
    }

    /** Claimed again, and told to be confirmed or refused. */
    synchronized void claimed() {
        Instant since = this.unclaimedSince;
        if (since != null) {
            this.gaps.add(new Gap(since, Instant.now(), null, "not claimed"));
            this.unclaimedSince = null;
        }
    }

    @Override
    public synchronized void changed(ChannelTransition transition) {
        this.history.addLast(transition.at() + " " + transition.from() + " -> " + transition.to() + " at "
                + transition.node() + ": " + transition.detail());
        if (this.history.size() > REMEMBERED) {
            this.history.removeFirst();
        }
        if (transition.to() == ChannelState.SUBSCRIBED) {
            requireEndTold(transition.interruption());
            Gap over = this.unconfirmed;
            if (over != null) {
                this.gaps.add(new Gap(over.from(), transition.at(), over.node(), over.why()));
                this.unconfirmed = null;
            }
            return;
        }
        if (transition.to() == ChannelState.INTERRUPTED) {
            this.interruptedSince = transition.at();
        } else if (transition.to() == null || transition.to() == ChannelState.WANTED) {
            this.interruptedSince = null;
        }
        if (this.unconfirmed == null) {
            this.unconfirmed = new Gap(transition.at(), Instant.MAX, transition.node(), transition.detail());
        }
    }

    private void requireEndTold(@Nullable Interruption told) {
        Instant since = this.interruptedSince;
        this.interruptedSince = null;
        if (since != null && (told == null || told.duration() == null)) {
            this.untold.add("the end of the interruption since " + since + " was not told, but " + told);
        }
    }

    /** Judges all there is, and forgets it. */
    synchronized List<Violation> settle(Collection<Silence> silences, Tally tally) {
        List<Violation> violations = new ArrayList<>();
        this.untold.forEach(what -> violations.add(violation(what, Instant.now(), Instant.now())));
        judgeArrivals(silences, tally, violations);
        judgeLosses(silences, tally, violations);
        tally.published += this.publications.size();
        tally.notPublished += this.failures.size();
        tally.arrived += this.arrivals.size();
        this.settled = this.lastNumber;
        this.untold.clear();
        this.publications.clear();
        this.failures.clear();
        this.arrivals.clear();
        this.gaps.clear();
        return violations;
    }

    private void judgeArrivals(Collection<Silence> silences, Tally tally, List<Violation> violations) {
        Map<Long, Publication> byNumber = new HashMap<>();
        this.publications.forEach(publication -> byNumber.put(publication.number(), publication));
        Set<Long> seen = new HashSet<>();
        long last = 0;
        for (long number : this.arrivals) {
            Publication publication = byNumber.get(number);
            boolean again = !seen.add(number);
            boolean late = publication != null && number < last;
            if ((again || late) && publication != null && mayBeHeldBack(publication, silences)) {
                tally.heldBack++;
            } else if (late && !again && publication != null && isAroundAGap(publication)) {
                tally.overtaken++;
            } else if (number <= this.settled) {
                violations.add(violation(number + " arrived long after it was published", publication));
            } else if (again) {
                violations.add(violation(number + " arrived twice", publication));
            } else if (late) {
                violations.add(violation(number + " arrived after " + last, publication));
            } else if (publication != null) {
                last = number;
            }
        }
    }

    /**
     * A master that was failed over serves publishers who have not heard of it, and passes their messages on to its successor over the
     * servers' bus, where they can come behind what was published later. Nobody but the servers could prevent it.
     */
    private boolean isAroundAGap(Publication publication) {
        return this.gaps.stream()
                .anyMatch(gap -> gap.mayContain(
                        publication.sent(), publication.answered().plus(ON_THE_WAY)));
    }

    private boolean mayBeHeldBack(Publication publication, Collection<Silence> silences) {
        return silences.stream().anyMatch(silence -> silence.holdsBack(this.slot, publication));
    }

    private void judgeLosses(Collection<Silence> silences, Tally tally, List<Violation> violations) {
        Set<Long> arrived = new HashSet<>(this.arrivals);
        List<Gap> all = new ArrayList<>(this.gaps);
        if (this.unconfirmed != null) {
            all.add(this.unconfirmed);
        }
        if (this.unclaimedSince != null) {
            all.add(new Gap(this.unclaimedSince, Instant.MAX, null, "not claimed"));
        }
        for (Publication lost : this.publications) {
            if (arrived.contains(lost.number())) {
                continue;
            }
            if (all.stream().anyMatch(gap -> gap.mayContain(lost.sent(), lost.answered()))) {
                tally.lostInGap++;
            } else if (all.stream()
                    .anyMatch(gap -> gap.mayContain(lost.sent(), lost.answered().plus(ON_THE_WAY)))) {
                tally.lostJustBefore++;
            } else if (all.stream().anyMatch(gap -> isReportedLate(lost, gap, silences))) {
                tally.lostInSilence++;
            } else if (hasLeftShard(lost, silences, all)) {
                tally.lostWithThawed++;
            } else {
                violations.add(violation(
                        lost.number() + " was lost outside of every interruption: " + lost,
                        lost.sent(),
                        lost.answered()));
            }
        }
    }

    /**
     * Taken by a master that had been frozen and failed over, after its slot had gone on from its successor: two interruptions, the
     * failover's and the move's, were over when it answered. Nobody is subscribed there any more, and nobody but the servers knows.
     */
    private boolean hasLeftShard(Publication lost, Collection<Silence> silences, List<Gap> all) {
        return silences.stream()
                .filter(silence -> silence.tookLate(this.slot, lost))
                .anyMatch(silence -> all.stream()
                                .filter(gap -> gap.from().isAfter(silence.from())
                                        && gap.until().isBefore(lost.answered()))
                                .count()
                        >= 2);
    }

    private static boolean isReportedLate(Publication lost, Gap gap, Collection<Silence> silences) {
        return silences.stream()
                .filter(silence -> silence.explainsLateReportOf(gap))
                .anyMatch(silence -> new Gap(silence.from(), gap.until(), gap.node(), gap.why())
                        .mayContain(lost.sent(), lost.answered().plus(ON_THE_WAY)));
    }

    private Violation violation(String what, @Nullable Publication publication) {
        return publication == null
                ? violation(what, Instant.now(), Instant.now())
                : violation(what + ": " + publication, publication.sent(), publication.answered());
    }

    @Override
    public synchronized Violation violation(String what, Instant from, Instant until) {
        return new Violation(this.channel + ": " + what, from, until, List.copyOf(this.history));
    }
}
