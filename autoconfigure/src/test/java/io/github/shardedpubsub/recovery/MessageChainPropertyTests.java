package io.github.shardedpubsub.recovery;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Label;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.jspecify.annotations.Nullable;

/**
 * Every interleaving of messages, interruptions, confirmations, reads, their failures, and what can become of a history, against a model of
 * servers and a publisher.
 */
@Label("Given a channel with a history, published to and listened to")
class MessageChainPropertyTests {

    private static final int PAGE = 3;

    private static final int BUFFER = 4;

    private static final int QUEUE = 5;

    private static final int PLAIN = -1;

    private static final Set<Deed> HARMLESS = EnumSet.of(
            Deed.PUBLISH,
            Deed.ARRIVE,
            Deed.ARRIVE_TWICE,
            Deed.GO_ASTRAY,
            Deed.INTERRUPT,
            Deed.SUBSCRIBE,
            Deed.CONFIRM,
            Deed.EXECUTE,
            Deed.ANSWER,
            Deed.CONSUME,
            Deed.MOVE,
            Deed.HAND_OVER,
            Deed.PUBLISH_PLAIN,
            Deed.PASS);

    private static final EnumSet<Deed> REPLACED = EnumSet.of(Deed.SEND_TO_REPLACED, Deed.TAKE_LATE);

    private static final Set<Deed> ALL_BUT_REPLACED = EnumSet.complementOf(REPLACED);

    private static final Set<Deed> ALL_BUT_RESTARTS =
            EnumSet.complementOf(EnumSet.of(Deed.RESTART, Deed.SEND_TO_REPLACED, Deed.TAKE_LATE));

    private enum Deed {
        PUBLISH,
        ARRIVE,
        /** A message arrives that stays on its way. */
        ARRIVE_TWICE,
        GO_ASTRAY,
        INTERRUPT,
        SUBSCRIBE,
        CONFIRM,
        /** The server reads; what it found is on its way. */
        EXECUTE,
        ANSWER,
        CONSUME,
        MOVE,
        HAND_OVER,
        PUBLISH_PLAIN,
        PASS,
        TRIM,
        FAIL_OVER,
        /** To the master that was replaced: it does not answer. */
        SEND_TO_REPLACED,
        /** The master that was replaced takes what was sent to it, and passes it on. */
        TAKE_LATE,
        DELETE,
        EXPIRE,
        /** The listener is stopped, and starts again behind the last message that it has taken. */
        RESTART
    }

    @Provide
    Arbitrary<List<Integer>> tapes() {
        return Arbitraries.integers().between(0, 9999).list().ofMinSize(20).ofMaxSize(220);
    }

    @Property(tries = 20_000)
    @Label(
            "as long as the history has it all, the listener gets each message once and in order, and is told of no loss")
    void nothingIsMissing(@ForAll("tapes") List<Integer> numbers) {
        Run run = new Run(List.copyOf(HARMLESS));
        run.play(numbers);
        assertThat(run.losses).as(run.toString()).isEmpty();
        run.assertEachOnceAndInOrder();
        run.assertNothingMissesButWhatWasToldOf();
    }

    @Property(tries = 20_000)
    @Label(
            "what a master takes late that was replaced is not delivered behind what the history has instead, or is told of")
    void nothingIsDeliveredFromBesidesTheHistory(@ForAll("tapes") List<Integer> numbers) {
        List<Deed> deeds = new ArrayList<>(HARMLESS);
        deeds.addAll(REPLACED);
        deeds.add(Deed.FAIL_OVER);
        // what is besides a history that is gone nobody can tell from what was in it
        Run run = new Run(deeds, 1);
        run.play(numbers);
        run.assertEachOnceAndInOrder();
        run.assertNothingMissesButWhatWasToldOf();
        run.assertLostWritesAreLost();
    }

    @Property(tries = 40_000)
    @Label("whatever becomes of the history, it gets each message once and in order, or is told that it cannot have it")
    void nothingIsMissingInSilence(@ForAll("tapes") List<Integer> numbers) {
        Run run = new Run(List.copyOf(ALL_BUT_RESTARTS));
        run.play(numbers);
        run.assertEachOnceAndInOrder();
        run.assertNothingMissesButWhatWasToldOf();
        run.assertLostWritesAreLost();
    }

    @Example
    @Label(
            "what comes live when later ones have been read already, from a history that had lost it, is not delivered behind them")
    void isNotDeliveredBehindLaterOnes() {
        Run run = new Run(List.of(Deed.values()));
        run.play(
                Deed.EXECUTE,
                Deed.SUBSCRIBE,
                Deed.PUBLISH,
                Deed.HAND_OVER,
                Deed.PUBLISH,
                Deed.ANSWER,
                Deed.DELETE,
                Deed.PUBLISH,
                Deed.EXECUTE,
                Deed.PUBLISH,
                Deed.ANSWER);
        run.assertEachOnceAndInOrder();
        run.assertNothingMissesButWhatWasToldOf();
        run.assertLostWritesAreLost();
        assertThat(run.delivered).as(run.toString()).doesNotContain(0, 1);
    }

    @Property(tries = 20_000)
    @Label(
            "a listener that starts again where it was gets each message once and in order, as long as the history has it all")
    void nothingIsMissingOverRestarts(@ForAll("tapes") List<Integer> numbers) {
        Set<Deed> deeds = EnumSet.copyOf(HARMLESS);
        deeds.add(Deed.RESTART);
        Run run = new Run(List.copyOf(deeds));
        run.play(numbers);
        assertThat(run.losses).as(run.toString()).isEmpty();
        run.assertEachOnceAndInOrder();
        run.assertNothingMissesButWhatWasToldOf();
    }

    @Property(tries = 40_000)
    @Label(
            "and whatever becomes of the history, it gets each message, once unless a failover has lost an epoch, or is told")
    void nothingIsMissingInSilenceOverRestarts(@ForAll("tapes") List<Integer> numbers) {
        Run run = new Run(List.copyOf(ALL_BUT_REPLACED));
        run.play(numbers);
        if (!run.trace.toString().contains(Deed.FAIL_OVER.name())) {
            run.assertEachOnceAndInOrder();
        }
        run.assertNothingMissesButWhatWasToldOf();
    }

    @Property(tries = 20_000)
    @Label("a listener that starts behind a message gets exactly what follows it")
    void behindAMessage(@ForAll("tapes") List<Integer> numbers, @ForAll @IntRange(max = 9) int which) {
        Run run = new Run(List.copyOf(HARMLESS));
        run.before(10, numbers);
        StreamPosition after = run.history.positionOf(which);
        run.start = StartPosition.after(after);
        run.owedFrom = which + 1;
        run.play(numbers);
        assertThat(run.losses).as(run.toString()).isEmpty();
        run.assertEachOnceAndInOrder();
        run.assertNothingMissesButWhatWasToldOf();
        assertThat(run.delivered).as(run.toString()).startsWith(which + 1);
    }

    @Property(tries = 40_000)
    @Label("and whatever became of the history since, is told of what it cannot have")
    void behindAMessageNothingIsMissingInSilence(
            @ForAll("tapes") List<Integer> before,
            @ForAll("tapes") List<Integer> numbers,
            @ForAll @IntRange(max = 9) int which) {
        Run run = new Run(List.copyOf(ALL_BUT_RESTARTS));
        run.before(10, numbers);
        run.start = StartPosition.after(run.history.positionOf(which));
        run.owedFrom = which + 1;
        run.meanwhile(before.subList(0, 20));
        run.play(numbers);
        run.assertNothingMissesButWhatWasToldOf();
    }

    @Property(tries = 20_000)
    @Label("a listener that starts with the last messages gets so many, and all that follow")
    void withTheLast(@ForAll("tapes") List<Integer> numbers, @ForAll @IntRange(min = 1, max = 12) int count) {
        Run run = new Run(List.copyOf(HARMLESS));
        run.before(10, numbers);
        run.start = StartPosition.last(count);
        run.play(numbers);
        assertThat(run.losses).as(run.toString()).isEmpty();
        run.assertEachOnceAndInOrder();
        int before = run.publishedBeforeItBegan < 0 ? run.history.publishedCount() : run.publishedBeforeItBegan;
        assertThat(run.delivered.get(0))
                .as(run.toString())
                .isBetween(Math.max(0, 10 - count), Math.max(0, before - count));
        run.owedFrom = run.delivered.get(0);
        run.assertNothingMissesButWhatWasToldOf();
    }

    @Property(tries = 20_000)
    @Label("a listener that starts since a time gets exactly what was published then and later")
    void sinceATime(@ForAll("tapes") List<Integer> numbers, @ForAll @IntRange(min = 1, max = 60) int millis) {
        Run run = new Run(List.copyOf(HARMLESS));
        run.before(10, numbers);
        run.start = StartPosition.since(Duration.ofMillis(millis));
        long since = run.history.now() - millis;
        run.play(numbers);
        assertThat(run.losses).as(run.toString()).isEmpty();
        run.assertEachOnceAndInOrder();
        int first = run.history.published().entrySet().stream()
                .filter(each -> each.getKey().millis() >= since)
                .mapToInt(Map.Entry::getValue)
                .min()
                .orElseThrow();
        run.owedFrom = first;
        run.assertNothingMissesButWhatWasToldOf();
        assertThat(run.delivered).as(run.toString()).startsWith(first);
    }

    @Property(tries = 40_000)
    @Label("wherever a listener starts, from then on nothing is missing in silence")
    void nothingIsMissingInSilenceFromTheStartOn(
            @ForAll("tapes") List<Integer> numbers, @ForAll("starts") StartPosition start) {
        Run run = new Run(List.copyOf(ALL_BUT_RESTARTS));
        run.before(numbers.get(0) % 12, numbers);
        run.start = start;
        run.play(numbers);
        run.assertEachOnceAndInOrder();
        run.assertNothingMissesButWhatWasToldOf();
        run.assertLostWritesAreLost();
    }

    @Provide
    Arbitrary<StartPosition> starts() {
        return Arbitraries.oneOf(
                Arbitraries.integers().between(1, 12).map(StartPosition::last),
                Arbitraries.integers().between(1, 100).map(millis -> StartPosition.since(Duration.ofMillis(millis))));
    }

    /** Begun, and live. */
    private static final Deed[] LIVE = {
        Deed.EXECUTE, Deed.ANSWER, Deed.SUBSCRIBE, Deed.CONFIRM, Deed.EXECUTE, Deed.ANSWER
    };

    @Example
    @Label("what a master takes that has been replaced is not delivered behind what the history has instead")
    void isNotDeliveredFromBesidesTheHistory() {
        Run run = new Run(List.of(Deed.values()));
        run.play(
                LIVE,
                Deed.PUBLISH,
                Deed.ARRIVE,
                Deed.FAIL_OVER,
                Deed.SEND_TO_REPLACED,
                Deed.SEND_TO_REPLACED,
                Deed.SUBSCRIBE,
                Deed.CONFIRM,
                Deed.EXECUTE,
                Deed.ANSWER,
                Deed.PUBLISH,
                Deed.ARRIVE,
                Deed.TAKE_LATE);
        run.assertEachOnceAndInOrder();
        run.assertNothingMissesButWhatWasToldOf();
        assertThat(run.delivered).as(run.toString()).doesNotContain(1, 2);
        assertThat(run.losses)
                .as(run.toString())
                .extracting(told -> told.loss().cause())
                .containsExactly(HistoryLoss.Cause.WRITES_LOST, HistoryLoss.Cause.WRITES_LOST);
    }

    @Example
    @Label("what says that a message was lost before it is not delivered before that message, whatever the clocks say")
    void isNotDeliveredBeforeWhatItSaysWasBefore() {
        Run run = new Run(List.of(Deed.values()));
        run.play(
                LIVE,
                Deed.PUBLISH,
                Deed.GO_ASTRAY,
                // the clock of the next one is behind
                Deed.FAIL_OVER,
                Deed.SUBSCRIBE,
                Deed.CONFIRM,
                Deed.EXECUTE,
                Deed.DELETE,
                Deed.PUBLISH,
                Deed.ARRIVE,
                Deed.ANSWER);
        run.assertEachOnceAndInOrder();
        run.assertNothingMissesButWhatWasToldOf();
        assertThat(run.delivered).as(run.toString()).startsWith(0, 1);
    }

    /** A loss, and how much was published when it was told. */
    private record Told(HistoryLoss loss, int published) {}

    /** A reading on its way. */
    private static final class Reading {

        private final HistoryRequest request;

        private @Nullable List<HistoryEntry> found;

        Reading(HistoryRequest request) {
            this.request = request;
        }
    }

    private static final class Run implements MessageChain.Steps {

        private final ModelHistory history = new ModelHistory();

        private MessageChain chain = new MessageChain(PAGE, BUFFER, ModelHistory.EXPIRY, this);

        private StartPosition start = StartPosition.NEW;

        private final List<Deed> deeds;

        private final ArrayDeque<byte[]> onTheWay = new ArrayDeque<>();

        private final List<Reading> readings = new ArrayList<>();

        private final List<Integer> delivered = new ArrayList<>();

        private final List<Told> losses = new ArrayList<>();

        private final List<String> trace = new ArrayList<>();

        /** What was delivered and not taken yet; {@link #PLAIN} for what is in no history. */
        private final ArrayDeque<Integer> queue = new ArrayDeque<>();

        /** Null until something was taken, or it is known where it began. */
        private @Nullable ListenerPosition taken;

        private long startedAt;

        private int publishedBeforeItBegan = -1;

        private boolean subscribed;

        private boolean confirmed;

        private boolean everConfirmed;

        /** From there on nothing may be missing. */
        private int owedFrom = Integer.MAX_VALUE;

        /** How much of the history every replica has. */
        private final int leastKept;

        private boolean tookLate;

        Run(List<Deed> deeds) {
            this(deeds, 0);
        }

        Run(List<Deed> deeds, int leastKept) {
            this.deeds = deeds;
            this.leastKept = leastKept;
        }

        void play(List<Integer> numbers) {
            Iterator<Integer> tape = numbers.iterator();
            int first = this.leastKept + tape.next() % 4;
            for (int before = first; before > 0 && this.start.equals(StartPosition.NEW); before--) {
                this.history.publish();
            }
            this.startedAt = this.history.now();
            begin(this.start);
            while (tape.hasNext()) {
                int number = tape.next();
                play(this.deeds.get(number % this.deeds.size()), number / 100, number % 7);
            }
            heal();
        }

        void play(Deed[] first, Deed... then) {
            play(Stream.concat(Stream.of(first), Stream.of(then)).toArray(Deed[]::new));
        }

        void play(Deed... deeds) {
            begin(this.start);
            for (Deed deed : deeds) {
                play(deed, 0, 1);
            }
            heal();
        }

        private void play(Deed deed, int argument, int millis) {
            this.trace.add(
                    deed + " " + argument + (deed == Deed.PUBLISH ? " as " + this.history.publishedCount() : ""));
            act(deed, argument);
            this.history.pass(millis);
            noteBeginning();
            if (this.owedFrom == Integer.MAX_VALUE && this.everConfirmed && this.chain.hasBegun()) {
                this.owedFrom = this.history.publishedCount();
                // no clock is so far behind another that what comes now was before the listener began
                this.history.pass(200);
            }
        }

        private long now() {
            return this.history.now() - 123_456;
        }

        private Instant ofTheDay(long time) {
            return Instant.ofEpochMilli(time + this.history.now() - now());
        }

        private void begin(StartPosition from) {
            this.chain.begin(from, now(), this.history.now());
        }

        /** So many were published before, and nodes have taken over. */
        void before(int count, List<Integer> numbers) {
            for (int i = 0; i < count; i++) {
                this.history.publish();
                int number = numbers.get(i);
                this.history.pass(number % 11);
                if (number % 5 == 0) {
                    this.history.move();
                }
            }
        }

        /** Without a listener. */
        void meanwhile(List<Integer> numbers) {
            for (int number : numbers) {
                Deed deed = this.deeds.get(number % this.deeds.size());
                this.trace.add("meanwhile " + deed + " " + number / 100);
                switch (deed) {
                    case PUBLISH, MOVE, PASS, TRIM, FAIL_OVER, DELETE, EXPIRE -> act(deed, number / 100);
                    default -> {
                        // of a listener
                    }
                }
                this.history.pass(number % 7);
            }
        }

        private void noteBeginning() {
            if (this.chain.hasBegun()) {
                StreamPosition beginning = this.chain.beginning();
                if (this.taken == null && beginning != null) {
                    this.taken = new ListenerPosition(beginning, Instant.ofEpochMilli(this.startedAt));
                }
                if (this.publishedBeforeItBegan < 0) {
                    this.publishedBeforeItBegan = this.history.publishedCount();
                }
            }
        }

        private void restart() {
            noteBeginning();
            this.subscribed = false;
            this.confirmed = false;
            this.onTheWay.clear();
            this.readings.clear();
            this.delivered.removeAll(this.queue);
            this.queue.clear();
            ListenerPosition last = this.taken;
            if (last != null && last.last().equals(this.chain.lastPosition())) {
                last = new ListenerPosition(last.last(), ofTheDay(this.chain.upToDateAt(now())));
            }
            this.trace.add("  starts again behind " + last);
            this.chain = new MessageChain(PAGE, BUFFER, ModelHistory.EXPIRY, this);
            if (last != null) {
                this.taken = last;
                this.chain.resume(last, now(), this.history.now());
            } else {
                this.everConfirmed = false;
                this.startedAt = this.history.now();
                begin(this.start);
            }
        }

        private void act(Deed deed, int argument) {
            switch (deed) {
                case PUBLISH -> publish(this.history.publish());
                case PUBLISH_PLAIN -> publish(new byte[] {'-'});
                case ARRIVE -> arrive(this.onTheWay.poll());
                case ARRIVE_TWICE -> arrive(this.onTheWay.peek());
                case GO_ASTRAY -> this.onTheWay.poll();
                case INTERRUPT -> interrupt(argument);
                case SUBSCRIBE -> this.subscribed = true;
                case CONFIRM -> confirm();
                case EXECUTE -> execute(argument);
                case ANSWER -> answer(argument);
                case CONSUME -> consume(argument % 4);
                case MOVE -> {
                    interrupt(argument);
                    this.history.move();
                }
                case HAND_OVER -> {
                    this.history.move();
                    confirm();
                }
                case PASS -> this.history.pass(argument);
                case TRIM -> this.history.trim(argument % 6);
                case FAIL_OVER -> {
                    if (this.leastKept > 0 && this.tookLate) {
                        // whatever else is lost then, what came late may be the next one
                        return;
                    }
                    interrupt(argument);
                    this.history.failOver(argument % 4, this.leastKept, argument % 3 * 50L - 50);
                }
                case SEND_TO_REPLACED -> this.history.sendToReplaced();
                case TAKE_LATE -> {
                    this.tookLate = true;
                    this.history.takeLate().forEach(this::publish);
                }
                case DELETE -> this.history.delete();
                case RESTART -> restart();
                case EXPIRE -> {
                    // what has gone astray on a connection that stands, and has expired, nobody can tell of
                    if (!this.confirmed && this.onTheWay.isEmpty()) {
                        this.history.pass(ModelHistory.EXPIRY / 2 * (1 + argument % 3));
                    }
                }
            }
        }

        private void publish(byte[] message) {
            if (this.subscribed) {
                this.onTheWay.add(message);
            }
        }

        private void arrive(byte @Nullable [] message) {
            if (message != null) {
                this.chain.message(message, now());
            }
        }

        /** Some of what is on the way comes still. */
        private void interrupt(int coming) {
            for (int i = coming % 4; i > 0; i--) {
                arrive(this.onTheWay.poll());
            }
            this.onTheWay.clear();
            if (!this.confirmed) {
                // that it was confirmed is told late, but it is told
                confirm();
            }
            this.subscribed = false;
            if (this.confirmed) {
                this.confirmed = false;
                this.chain.interrupted(now());
            }
        }

        private void confirm() {
            if (this.subscribed) {
                this.confirmed = true;
                this.everConfirmed = true;
                this.chain.confirmed(now());
            }
        }

        private void execute(int which) {
            if (!this.readings.isEmpty()) {
                Reading reading = this.readings.get(which % this.readings.size());
                if (reading.found == null) {
                    reading.found = this.history.read(reading.request);
                }
            }
        }

        private void answer(int which) {
            if (!this.readings.isEmpty()) {
                Reading reading = this.readings.get(which % this.readings.size());
                List<HistoryEntry> found = reading.found;
                if (found != null) {
                    this.readings.remove(reading);
                    this.chain.answered(reading.request, found, now());
                }
            }
        }

        private void consume(int count) {
            for (int i = 0; i < count && !this.queue.isEmpty(); i++) {
                int number = this.queue.remove();
                if (number != PLAIN) {
                    StreamPosition position = this.history.positionOf(number);
                    this.taken = new ListenerPosition(position, Instant.ofEpochMilli(position.millis()));
                }
                this.chain.room(now());
            }
        }

        /** Everything comes right, and a few more messages are published. */
        private void heal() {
            this.trace.add("HEAL");
            this.subscribed = true;
            settle();
            if (!this.confirmed) {
                confirm();
            }
            for (int i = 0; i < 3; i++) {
                settle();
                publish(this.history.publish());
            }
            settle();
        }

        private void settle() {
            for (int i = 0; i < 1000; i++) {
                consume(QUEUE);
                if (!this.onTheWay.isEmpty()) {
                    arrive(this.onTheWay.poll());
                } else if (!this.readings.isEmpty()) {
                    execute(0);
                    answer(0);
                } else {
                    return;
                }
            }
            throw new AssertionError("It does not come to rest: " + this);
        }

        @Override
        public boolean hasRoom() {
            return this.queue.size() < QUEUE;
        }

        @Override
        public void deliver(ShardEnvelope envelope) {
            delivered(envelope.payload());
        }

        @Override
        public void deliver(HistoryEntry entry) {
            delivered(entry.payload());
        }

        private void delivered(byte[] payload) {
            assertThat(hasRoom()).isTrue();
            int number = Integer.parseInt(new String(payload, StandardCharsets.US_ASCII));
            this.queue.add(number);
            this.delivered.add(number);
            this.trace.add("  got " + number);
        }

        @Override
        public void deliverPlain(byte[] message) {
            assertThat(hasRoom()).isTrue();
            this.queue.add(PLAIN);
        }

        @Override
        public void dropPlain(int count) {
            assertThat(count).isPositive();
        }

        @Override
        public void read(HistoryRequest request) {
            this.trace.add("  asks " + request);
            this.readings.add(new Reading(request));
        }

        @Override
        public void lost(HistoryLoss loss) {
            this.trace.add("  told of " + loss);
            this.losses.add(new Told(loss, this.history.publishedCount()));
        }

        @Override
        public void duplicate() {}

        @Override
        public void recovered(long messages, long since) {}

        void assertEachOnceAndInOrder() {
            for (int i = 1; i < this.delivered.size(); i++) {
                assertThat(this.delivered.get(i)).as(toString()).isGreaterThan(this.delivered.get(i - 1));
            }
        }

        void assertNothingMissesButWhatWasToldOf() {
            for (int number = this.owedFrom; number < this.history.publishedCount(); number++) {
                if (!this.delivered.contains(number)
                        && !this.history.unanswered().contains(number)) {
                    int missing = number;
                    assertThat(this.losses)
                            .as("%s is missing: %s", missing, this)
                            .anyMatch(told -> covers(told, missing));
                }
            }
            assertThat(this.delivered).as(toString()).contains(this.history.publishedCount() - 1);
        }

        void assertLostWritesAreLost() {
            for (Told told : this.losses) {
                if (told.loss().cause() == HistoryLoss.Cause.WRITES_LOST) {
                    assertThat(this.delivered)
                            .as("%s: %s", told, this)
                            .doesNotContain(numberAt(told.loss().before(), 0));
                }
            }
        }

        private boolean covers(Told told, int number) {
            HistoryLoss loss = told.loss();
            int before = numberAt(loss.before(), told.published());
            return number > numberAt(loss.after(), -1)
                    && (number < before || loss.cause() == HistoryLoss.Cause.WRITES_LOST && number == before);
        }

        private int numberAt(@Nullable StreamPosition position, int ifNone) {
            if (position == null) {
                return ifNone;
            }
            Integer number = this.history.published().get(position);
            if (number != null) {
                return number;
            }
            // the place after which writes are lost is in an epoch before theirs
            return this.history.published().entrySet().stream()
                    .filter(each -> each.getKey().id().equals(position.id()))
                    .mapToInt(Map.Entry::getValue)
                    .min()
                    .orElse(ifNone);
        }

        @Override
        public String toString() {
            return "\n" + String.join("\n", this.trace) + "\n published " + this.history.published() + "\n owed from "
                    + this.owedFrom;
        }
    }
}
