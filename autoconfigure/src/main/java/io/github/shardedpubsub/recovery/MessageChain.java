package io.github.shardedpubsub.recovery;

import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The messages of one channel for one listener, each behind the one that it says was before it. What comes live is delivered at once as
 * long as that holds; where it does not, and after every interruption, the history is read from the last one delivered, and live messages
 * wait until they fit behind what was read. So it needs no other fence between the two.
 *
 * <p>It decides, and does nothing itself: no threads, no clock, no server. Times are milliseconds of one clock, whatever that is. Used by
 * one thread at a time.
 */
final class MessageChain {

    /** After so many readings in vain a live message is believed to be in no history, and what was before it to be lost. */
    private static final int READINGS_IN_VAIN = 8;

    /** Of how many epochs it is known up to where they were delivered. */
    private static final int EPOCHS = 8;

    /** Servers and clocks are not more exact than that. */
    private static final long TOLERANCE = 1_000;

    private static final long NEVER = Long.MAX_VALUE / 4;

    /** A connection may have been dead for as long before that was seen. */
    private static final long LONGEST_UNSEEN = 60_000;

    private final int pageSize;

    private final int bufferCapacity;

    private final long expiry;

    private final Steps steps;

    private Phase phase = Phase.STARTING;

    private boolean confirmed;

    /** The last one delivered or passed, behind which the next one has to be; null until it is known where to begin. */
    private @Nullable StreamPosition position;

    /** Nothing before it is for the listener; nodes' clocks differ by less than the time since. */
    private StreamPosition start = StreamPosition.ORIGIN;

    /** Where it was known to begin, null until then; a live message may say so itself, if what is new is wanted. */
    private @Nullable StreamPosition beginning;

    private boolean wantsNew;

    /** How many messages before what is new are still looked for, the one behind which to begin among them. */
    private int soughtBack;

    /** It begins with what there is at the first reading, wherever that begins. */
    private boolean takesWhatIsThere;

    /** It goes on behind a place that it was told, and of what else was delivered it knows nothing. */
    private boolean resuming;

    /** The last one delivered of each epoch. */
    private final Map<String, StreamPosition> delivered = new LinkedHashMap<>(EPOCHS, 0.75f, true);

    /** Live messages that wait. */
    private final ArrayDeque<Live> waiting = new ArrayDeque<>(0);

    /** How many of them came before the last interruption. */
    private int waitingSinceBefore;

    /** How many came live, found no room, and were not read yet, as far as that is known. */
    private int deferred;

    /** What is being read; what else comes is out of date. Other threads may look. */
    private volatile @Nullable HistoryRequest asked;

    /** Read, and kept until it is known what was before it. */
    private List<HistoryEntry> unanchored = List.of();

    /** That what was before it is lost was told already. */
    private @Nullable StreamPosition lossToldBefore;

    private StreamPosition lossToldAfter = StreamPosition.ORIGIN;

    /** What is missing before the next one was told already, */
    private boolean gapTold;

    /** up to this one; null if up to what is published next. */
    private @Nullable StreamPosition gapToldBefore;

    /** What there is to tell of a history that is there no more, or anew, was told already. */
    private boolean absenceTold;

    /** When nothing was missing for the last time. */
    private long upToDateAt;

    /** When the last message came live. */
    private long heardAt = -NEVER;

    /** Whether anything can be missing already: it was confirmed, or begins in the past. */
    private boolean owed;

    private boolean everUpToDate;

    private long recovered;

    private long recoveringSince;

    private enum Phase {

        /** Where the history ends is being asked, or it is not confirmed. */
        STARTING,

        /** Not confirmed. */
        INTERRUPTED,

        READING,

        /** There is no room for what was read or came. */
        FULL,

        LIVE
    }

    /** Null where it is the message of a publisher that knows of no history. */
    private record Live(@Nullable ShardEnvelope envelope, byte[] message) {}

    /** What it has done. */
    interface Steps {

        /** Whether one more message can be delivered. */
        boolean hasRoom();

        /** A message as it came. */
        void deliver(ShardEnvelope envelope);

        /** A message that was read. */
        void deliver(HistoryEntry entry);

        /** A message that has no history. */
        void deliverPlain(byte[] message);

        /** Messages without a history, for which there is no room. */
        void dropPlain(int count);

        /** To be answered with {@link MessageChain#answered}, however long that takes, unless it is not asked any more. */
        void read(HistoryRequest request);

        void lost(HistoryLoss loss);

        /** A message came that was delivered already. */
        void duplicate();

        /** So many live messages found no room, and are read instead. */
        default void deferred(int messages) {}

        /** It is live again, after so many messages from the history. */
        void recovered(long messages, long since);
    }

    MessageChain(int pageSize, int bufferCapacity, long expiry, Steps steps) {
        this.pageSize = pageSize;
        this.bufferCapacity = bufferCapacity;
        this.expiry = expiry;
        this.steps = steps;
    }

    /**
     * Begins. What comes before that waits; but that nothing new is missed from a confirmation on, it has to be called before.
     *
     * @param from not {@link StartPosition.Stored}
     * @param wallClock milliseconds of the time of day
     */
    void begin(StartPosition from, long now, long wallClock) {
        if (from instanceof StartPosition.New) {
            this.wantsNew = true;
            for (Live live : this.waiting) {
                if (live.envelope() != null) {
                    beginAt(live.envelope().link().previous(), now);
                    return;
                }
            }
            seek(HistoryRequest.Kind.LAST, StreamPosition.ORIGIN, 1);
        } else if (from instanceof StartPosition.Last last) {
            this.owed = true;
            seek(HistoryRequest.Kind.LAST, StreamPosition.ORIGIN, last.count() + 1);
        } else if (from instanceof StartPosition.Since since) {
            this.owed = true;
            // what is before the id 0-0 no server can be asked for
            long time = Math.max(1, wallClock - since.duration().toMillis());
            seek(HistoryRequest.Kind.BACKWARD, new StreamPosition(StreamPosition.ORIGIN.epoch(), time, 0), 1);
        } else if (from instanceof StartPosition.After after) {
            resumeBehind(after.position(), NEVER, now, wallClock);
        } else {
            throw new IllegalArgumentException("What is stored has to be known before: " + from);
        }
    }

    /**
     * Begins where a listener was, instead.
     *
     * @see #begin
     */
    void resume(ListenerPosition stored, long now, long wallClock) {
        resumeBehind(stored.last(), Math.max(0, wallClock - stored.asOf().toEpochMilli()), now, wallClock);
    }

    private void seek(HistoryRequest.Kind kind, StreamPosition before, int count) {
        this.soughtBack = count;
        ask(kind, before, Math.min(count, this.pageSize), 0);
    }

    private void sought(HistoryRequest request, List<HistoryEntry> entries, long now) {
        this.soughtBack -= entries.size();
        if (entries.isEmpty() || this.soughtBack > 0 && entries.size() < request.count()) {
            this.takesWhatIsThere = !this.wantsNew;
            beginAt(StreamPosition.ORIGIN, now);
            return;
        }
        StreamPosition oldest = entries.get(entries.size() - 1).position();
        if (this.soughtBack > 0) {
            seek(HistoryRequest.Kind.BACKWARD, oldest, this.soughtBack);
        } else {
            beginAt(oldest, now);
        }
    }

    /** Nothing is known of what became of the history since, and of the messages of other epochs only what their times tell. */
    private void resumeBehind(StreamPosition last, long age, long now, long wallClock) {
        this.owed = true;
        this.resuming = true;
        this.heardAt = now - Math.max(0, wallClock - last.millis());
        beginAt(last, now);
        this.upToDateAt = now - age;
        if (!last.isOrigin()) {
            this.start = new StreamPosition(StreamPosition.ORIGIN.epoch(), Math.max(0, last.millis() - TOLERANCE), 0);
        }
    }

    /** The channel is confirmed, or confirmed by another node. */
    void confirmed(long now) {
        if (!this.confirmed && this.phase == Phase.STARTING) {
            this.recoveringSince = now;
        }
        this.confirmed = true;
        if (this.phase == Phase.LIVE || !this.owed) {
            this.upToDateAt = now;
        }
        this.owed = true;
        if (this.phase != Phase.STARTING) {
            startReading(now);
        }
    }

    void interrupted(long now) {
        this.confirmed = false;
        if (this.phase == Phase.LIVE) {
            this.upToDateAt = now;
        }
        if (this.phase != Phase.STARTING) {
            this.phase = Phase.INTERRUPTED;
            this.asked = null;
            this.unanchored = List.of();
        }
        this.waitingSinceBefore = this.waiting.size();
    }

    /** A message came. */
    void message(byte[] message, long now) {
        ShardEnvelope envelope = ShardEnvelope.parse(message);
        if (this.phase == Phase.LIVE) {
            live(envelope, message, now);
            return;
        }
        await(new Live(envelope, message));
        if (this.phase == Phase.STARTING && this.wantsNew && envelope != null) {
            // it says itself where to begin
            beginAt(envelope.link().previous(), now);
        }
        if (this.position != null) {
            var unused = deliverWhatFollows(false, now);
        }
    }

    /** Of those that wait, those that are next: they need not be read. Returns what became of the one that is not. */
    private Taken deliverWhatFollows(boolean upToDate, long now) {
        while (!this.waiting.isEmpty()) {
            Live next = this.waiting.element();
            Taken taken = next.envelope() != null ? take(next.envelope(), upToDate, now) : takePlain(next.message());
            if (taken == Taken.GAP || taken == Taken.FULL) {
                return taken;
            }
            if (taken == Taken.KNOWN) {
                this.steps.duplicate();
            }
            dequeue();
        }
        return Taken.DELIVERED;
    }

    private Taken takePlain(byte[] message) {
        if (!this.steps.hasRoom()) {
            return Taken.FULL;
        }
        this.steps.deliverPlain(message);
        return Taken.DELIVERED;
    }

    private void live(@Nullable ShardEnvelope envelope, byte[] message, long now) {
        if (envelope == null) {
            if (takePlain(message) == Taken.FULL) {
                this.steps.dropPlain(1);
            }
            return;
        }
        switch (take(envelope, true, now)) {
            case DELIVERED -> this.heardAt = now;
            case KNOWN -> this.steps.duplicate();
            case GAP -> {
                this.upToDateAt = now;
                await(new Live(envelope, message));
                startReading(now);
            }
            case FULL -> {
                // it is read when there is room
                defer(1);
                this.upToDateAt = now;
                this.recoveringSince = now;
                this.phase = Phase.FULL;
            }
        }
    }

    private void await(Live live) {
        if (this.waiting.size() >= this.bufferCapacity) {
            // they can be read; and that they are missing is told by the one that comes
            int plain = waitingPlain();
            if (plain > 0) {
                this.steps.dropPlain(plain);
            }
            if (this.waiting.size() > plain) {
                defer(this.waiting.size() - plain);
            }
            this.waiting.clear();
            this.waitingSinceBefore = 0;
        }
        this.waiting.add(live);
    }

    private int waitingPlain() {
        return (int)
                this.waiting.stream().filter(each -> each.envelope() == null).count();
    }

    private void defer(int messages) {
        this.deferred += messages;
        this.steps.deferred(messages);
    }

    private void dequeue() {
        this.waiting.remove();
        this.waitingSinceBefore = Math.max(0, this.waitingSinceBefore - 1);
    }

    /** What became of a live message. */
    private enum Taken {
        DELIVERED,
        KNOWN,
        GAP,
        FULL
    }

    /**
     * Delivers it if it is the next one.
     *
     * @param upToDate whether nothing is missing before what is published now
     */
    private Taken take(ShardEnvelope envelope, boolean upToDate, long now) {
        if (isDelivered(envelope.position())) {
            return Taken.KNOWN;
        }
        if (!follows(envelope, upToDate)) {
            return Taken.GAP;
        }
        if (!this.steps.hasRoom()) {
            return Taken.FULL;
        }
        deliver(envelope);
        this.heardAt = now;
        return Taken.DELIVERED;
    }

    private void deliver(ShardEnvelope envelope) {
        tellOfLostWrites(envelope.link());
        this.steps.deliver(envelope);
        passed(envelope.position());
    }

    private boolean follows(ShardEnvelope envelope, boolean upToDate) {
        StreamPosition last = position();
        StreamPosition previous = envelope.link().previous();
        if (!previous.isOrigin()) {
            return previous.equals(last);
        }
        // Histories may have begun and ended meanwhile, unless nothing was missing just now.
        return upToDate && (last.isOrigin() || envelope.position().millis() - last.millis() >= this.expiry - TOLERANCE);
    }

    private StreamPosition position() {
        StreamPosition known = this.position;
        if (known == null) {
            throw new IllegalStateException("It has not begun");
        }
        return known;
    }

    /** There is room again. */
    void room(long now) {
        if (this.phase == Phase.FULL && deliverWhatFollows(false, now) != Taken.FULL) {
            this.phase = Phase.READING;
            readOn(0);
        }
    }

    /** Whether an answer is waited for. For any thread. */
    boolean isAsked(HistoryRequest request) {
        return request == this.asked;
    }

    /** What was asked for. */
    void answered(HistoryRequest request, List<HistoryEntry> entries, long now) {
        if (request != this.asked) {
            return;
        }
        this.asked = null;
        if (this.phase == Phase.STARTING) {
            sought(request, entries, now);
        } else if (request.kind() == HistoryRequest.Kind.FORWARD) {
            forward(request, entries, now);
        } else {
            backward(request, entries, now);
        }
    }

    private void beginAt(StreamPosition begin, long now) {
        this.beginning = begin;
        this.start = begin;
        this.upToDateAt = now;
        passed(begin);
        this.phase = Phase.INTERRUPTED;
        this.asked = null;
        if (this.confirmed) {
            startReading(now);
        }
    }

    private void startReading(long now) {
        if (this.phase == Phase.LIVE || this.phase == Phase.INTERRUPTED) {
            this.recoveringSince = now;
        }
        this.unanchored = List.of();
        this.absenceTold = false;
        this.gapTold = false;
        this.phase = Phase.READING;
        readOn(0);
    }

    private void readOn(int attempts) {
        if (this.steps.hasRoom()) {
            // that one itself is asked for, too: that it is there proves that the rest is
            ask(HistoryRequest.Kind.FORWARD, position(), this.pageSize + 1, attempts);
        } else {
            this.asked = null;
            this.phase = Phase.FULL;
        }
    }

    private void ask(HistoryRequest.Kind kind, StreamPosition from, int count, int attempts) {
        HistoryRequest request = new HistoryRequest(kind, from, count, attempts);
        this.asked = request;
        this.steps.read(request);
    }

    private void forward(HistoryRequest request, List<HistoryEntry> entries, long now) {
        boolean there = !entries.isEmpty() && entries.get(0).position().equals(request.from());
        if (!there) {
            // it may be in no history, as those that wait may be that follow it
            var unused = deliverWhatFollows(false, now);
        }
        if (!there && !position().equals(request.from())) {
            readOn(request.attempts());
            return;
        }
        if (!there && !request.from().isOrigin() && !beginsBehindKnown(entries)) {
            this.unanchored = entries;
            ask(HistoryRequest.Kind.BACKWARD, request.from(), this.pageSize, 0);
            return;
        }
        if (request.from().isOrigin() && !this.takesWhatIsThere) {
            tellOfLossSinceOrigin(entries.isEmpty() ? null : entries.get(0), now);
        }
        this.takesWhatIsThere = false;
        this.lossToldBefore = null;
        this.absenceTold = false;
        // else the beginning of the history is not known to follow anything
        boolean seamless = there || !request.from().isOrigin();
        deliver(there ? entries.subList(1, entries.size()) : entries, request, seamless, now);
    }

    private boolean beginsBehindKnown(List<HistoryEntry> entries) {
        Link link = entries.isEmpty() ? null : entries.get(0).link();
        return link != null
                && !link.previous().isOrigin()
                && (isDelivered(link.previous()) || !this.resuming && isKnown(link.previous()));
    }

    /** The last one delivered is not there. What is before its place says why. */
    private void backward(HistoryRequest request, List<HistoryEntry> older, long now) {
        StreamPosition next = request.from().equals(position())
                ? this.unanchored.isEmpty() ? null : this.unanchored.get(0).position()
                : request.from();
        for (HistoryEntry entry : older) {
            if (isKnown(entry.position())) {
                // The server has lost what came behind it, and has gone on from there.
                if (this.resuming && !isDelivered(entry.position())) {
                    tell(HistoryLoss.Cause.DELETED, entry.position(), next);
                }
                this.position = entry.position();
                this.unanchored = List.of();
                readOn(0);
                return;
            }
            next = entry.position();
        }
        if (older.size() == request.count()) {
            ask(HistoryRequest.Kind.BACKWARD, older.get(older.size() - 1).position(), this.pageSize, 0);
            return;
        }
        HistoryEntry first = !older.isEmpty()
                ? older.get(older.size() - 1)
                : this.unanchored.isEmpty() ? null : this.unanchored.get(0);
        this.unanchored = List.of();
        StreamPosition last = position();
        this.absenceTold = first == null;
        this.lossToldBefore = first != null ? first.position() : null;
        this.lossToldAfter = last;
        if (first == null) {
            tell(causeOfAbsence(now), last, null);
        } else if (first.isFirst()) {
            tell(causeOfBeginning(first.position(), now), last, first.position());
        } else {
            tell(HistoryLoss.Cause.TRIMMED, last, first.position());
        }
        this.position = StreamPosition.ORIGIN;
        readOn(0);
    }

    /** Null if nothing is lost, as far as can be known. */
    private HistoryLoss.@Nullable Cause causeOfAbsence(long now) {
        if (now - this.heardAt + TOLERANCE < this.expiry) {
            return HistoryLoss.Cause.DELETED;
        }
        return mayHaveExpired(now) ? HistoryLoss.Cause.EXPIRED : null;
    }

    /** Whether a history may have begun and ended since nothing was missing. */
    private boolean mayHaveExpired(long now) {
        return now - this.upToDateAt + Math.min(this.expiry / 2, LONGEST_UNSEEN) >= this.expiry;
    }

    private HistoryLoss.@Nullable Cause causeOfBeginning(StreamPosition first, long now) {
        if (first.millis() - position().millis() + TOLERANCE < this.expiry) {
            return HistoryLoss.Cause.DELETED;
        }
        return mayHaveExpired(now) ? HistoryLoss.Cause.EXPIRED : null;
    }

    /**
     * Delivers what was read.
     *
     * @param seamless whether nothing was cut off before it: what is older and not in it is in no history
     */
    private void deliver(List<HistoryEntry> entries, HistoryRequest request, boolean seamless, long now) {
        int attempts = request.attempts();
        boolean nothingBetween = seamless;
        for (HistoryEntry entry : entries) {
            if (!isKnown(entry.position())) {
                attempts = 0;
                if (!deliverWhatWaitsBefore(entry, nothingBetween) || !this.steps.hasRoom()) {
                    this.phase = Phase.FULL;
                    return;
                }
                tellOfLostWrites(entry.link());
                this.steps.deliver(entry);
                this.deferred = Math.max(0, this.deferred - 1);
                this.gapTold = false;
                this.recovered++;
            }
            passed(entry.position());
            nothingBetween = true;
        }
        if (!entries.isEmpty() && entries.size() >= this.pageSize) {
            readOn(0);
        } else {
            boolean isEnd = !entries.isEmpty() || seamless && position().equals(request.from());
            readToTheEnd(attempts, isEnd ? position() : null, now);
        }
    }

    /** What came live and is older than what the history goes on with, which has lost it. Returns whether there was room. */
    private boolean deliverWhatWaitsBefore(HistoryEntry entry, boolean nothingBetween) {
        while (!this.waiting.isEmpty()) {
            Live next = this.waiting.element();
            ShardEnvelope envelope = next.envelope();
            if (envelope == null) {
                if (takePlain(next.message()) == Taken.FULL) {
                    return false;
                }
            } else if (!isKnown(envelope.position())) {
                boolean follows = follows(envelope, false);
                if (envelope.position().equals(entry.position()) || !follows && !isBefore(envelope, entry.position())) {
                    return true;
                }
                boolean late = isLate(envelope);
                if (!follows && (nothingBetween || late || this.waitingSinceBefore > 0 && this.recovered > 0)) {
                    tellThatItIsLost(envelope);
                } else if (this.steps.hasRoom()) {
                    if (!follows
                            && !isGapToldUpTo(envelope.position())
                            && !isDelivered(envelope.link().previous())) {
                        tell(HistoryLoss.Cause.DELETED, position(), envelope.position());
                    }
                    deliver(envelope);
                    this.gapTold = false;
                } else {
                    return false;
                }
            } else if (isDelivered(envelope.position())) {
                this.steps.duplicate();
            }
            dequeue();
        }
        return true;
    }

    /** By the ids, but that one which says of the other that it is lost is behind it, whatever the clocks of their nodes say. */
    private static boolean isBefore(ShardEnvelope envelope, StreamPosition other) {
        LostWrites lost = envelope.link().lost();
        boolean saysItIsBehind = lost != null
                && lost.upTo().epoch().equals(other.epoch())
                && !lost.upTo().isBefore(other);
        return envelope.position().isBefore(other) && !saysItIsBehind;
    }

    /** It is not in the history, which has gone on without it, and so has the listener. */
    private void tellThatItIsLost(ShardEnvelope envelope) {
        tellOfLostWrites(envelope.link());
        this.steps.lost(
                new HistoryLoss(HistoryLoss.Cause.WRITES_LOST, envelope.link().previous(), envelope.position()));
    }

    /**
     * Now those that wait, of which some were read.
     *
     * @param end what the history ends with, if that is known to be the last one delivered
     */
    private void readToTheEnd(int attempts, @Nullable StreamPosition end, long now) {
        this.upToDateAt = now;
        while (true) {
            Taken taken = deliverWhatFollows(true, now);
            if (taken == Taken.FULL) {
                this.phase = Phase.FULL;
                return;
            }
            Live next = this.waiting.peek();
            ShardEnvelope envelope = next != null ? next.envelope() : null;
            if (envelope == null) {
                live();
                return;
            }
            if (isKnown(envelope.position())) {
                if (isDelivered(envelope.position())) {
                    this.steps.duplicate();
                }
                dequeue();
                continue;
            }
            if (this.waitingSinceBefore > 0 || isBefore(envelope, position())) {
                tellThatItIsLost(envelope);
            } else if (attempts < READINGS_IN_VAIN) {
                readOn(attempts + 1);
                return;
            } else if (position().equals(end)) {
                // A master took it that had been replaced and did not know.
                tellThatItIsLost(envelope);
            } else if (this.steps.hasRoom()) {
                // Nothing leads to it.
                tell(HistoryLoss.Cause.DELETED, position(), envelope.position());
                deliver(envelope);
            } else {
                this.phase = Phase.FULL;
                return;
            }
            dequeue();
        }
    }

    private void live() {
        this.phase = Phase.LIVE;
        this.deferred = 0;
        if (this.everUpToDate || this.recovered > 0) {
            this.steps.recovered(this.recovered, this.recoveringSince);
        }
        this.everUpToDate = true;
        this.resuming = false;
        this.recovered = 0;
    }

    private void passed(StreamPosition passed) {
        this.position = passed;
        if (passed.isOrigin()) {
            return;
        }
        this.delivered.merge(passed.epoch(), passed, (before, now) -> now.isBefore(before) ? before : now);
        if (this.delivered.size() > EPOCHS) {
            Iterator<String> eldest = this.delivered.keySet().iterator();
            eldest.next();
            eldest.remove();
        }
    }

    /** Whether it was delivered, or is not for the listener. */
    private boolean isKnown(StreamPosition other) {
        return isDelivered(other) || other.isBefore(this.start);
    }

    /** By the ids, it was before something that was delivered, and it does not say itself that it was not. */
    private boolean isLate(ShardEnvelope envelope) {
        LostWrites lost = envelope.link().lost();
        return this.delivered.values().stream()
                .anyMatch(last -> envelope.position().isBefore(last)
                        && (lost == null || lost.upTo().isBefore(last)));
    }

    private boolean isDelivered(StreamPosition other) {
        StreamPosition last = this.delivered.get(other.epoch());
        return last != null && !last.isBefore(other);
    }

    private void tellOfLostWrites(@Nullable Link link) {
        LostWrites lost = link != null ? link.lost() : null;
        if (lost == null || isKnown(lost.upTo())) {
            return;
        }
        StreamPosition had = this.delivered.get(lost.upTo().epoch());
        StreamPosition after = had != null && lost.after().isBefore(had) ? had : lost.after();
        this.steps.lost(new HistoryLoss(HistoryLoss.Cause.WRITES_LOST, after, lost.upTo()));
        // another publisher may find the same
        StreamPosition last = position();
        passed(lost.upTo());
        this.position = last;
    }

    /** There was no history, or it is read from its beginning, which may be another now. */
    private void tellOfLossSinceOrigin(@Nullable HistoryEntry first, long now) {
        StreamPosition told = this.lossToldBefore;
        StreamPosition place = first != null ? first.position() : null;
        if (told != null ? told.equals(place) : this.absenceTold && (first == null || first.isFirst())) {
            return;
        }
        StreamPosition after = told != null ? this.lossToldAfter : StreamPosition.ORIGIN;
        if (first != null && !first.isFirst()) {
            tell(HistoryLoss.Cause.TRIMMED, after, place);
        } else if (mayHaveExpired(now)) {
            tell(HistoryLoss.Cause.EXPIRED, after, place);
        }
    }

    private boolean isGapToldUpTo(StreamPosition next) {
        StreamPosition before = this.gapToldBefore;
        return this.gapTold && (before == null || !before.isBefore(next));
    }

    private void tell(HistoryLoss.@Nullable Cause cause, StreamPosition after, @Nullable StreamPosition before) {
        if (cause != null) {
            this.gapTold = true;
            this.gapToldBefore = before;
            this.steps.lost(new HistoryLoss(cause, after, before));
        }
    }

    /** Whether its channel is confirmed, and something that was published before what comes live now is not delivered yet. */
    boolean isBehind() {
        return this.confirmed && this.phase != Phase.LIVE;
    }

    /** Since when it has been, if it is. */
    long behindSince() {
        return this.recoveringSince;
    }

    /** Where it stands; null until it is known where to begin. */
    @Nullable
    StreamPosition lastPosition() {
        return this.takesWhatIsThere ? null : this.position;
    }

    /**
     * How many messages have come and are not delivered, and will not be if it ends now.
     *
     * @param goesOn whether another goes on behind this one, and reads those that have a history
     */
    int undelivered(boolean goesOn) {
        if (goesOn) {
            return waitingPlain();
        }
        long waits = this.waiting.stream()
                .filter(each ->
                        each.envelope() == null || !isKnown(each.envelope().position()))
                .count();
        return (int) waits + this.deferred;
    }

    /** When nothing was missing behind that place for the last time. */
    long upToDateAt(long now) {
        return this.phase == Phase.LIVE ? now : this.upToDateAt;
    }

    /** Whether it misses nothing from now on without telling. */
    boolean hasBegun() {
        return this.position != null && !this.takesWhatIsThere;
    }

    /** Behind which place it has begun; null until that is known. */
    @Nullable
    StreamPosition beginning() {
        return this.beginning;
    }
}
