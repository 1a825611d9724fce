package io.github.shardedpubsub.pipe;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.shardedpubsub.pipe.LegalAssignments.Assignment;
import io.github.shardedpubsub.pipe.ModelServer.NodeState;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Label;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.Nullable;

@Label("Given any server that keeps the rules, with any number of units in flight,")
class ReplyAlignmentPropertyTests {

    private static final List<NodeState> ALL_STATES = List.of(NodeState.values());

    /** Those in which a command and a PING get the same error, or one that nobody knows. */
    private static final List<NodeState> AMBIGUOUS_STATES = List.of(
            NodeState.FINE,
            NodeState.STRANGE,
            NodeState.STRANGE_FOR_PINGS,
            NodeState.STRANGE_FOR_COMMANDS,
            NodeState.BUSY,
            NodeState.SAVE_FAILING);

    private static final ChannelName A = ModelServer.CHANNELS.get(0);

    private static final ChannelName B = ModelServer.CHANNELS.get(1);

    private static final ReplyError STRANGE = new ReplyError("ERR a proxy has had enough");

    @Provide
    Arbitrary<List<Integer>> longTapes() {
        return Arbitraries.integers().between(0, 255).list().ofMinSize(100).ofMaxSize(600);
    }

    @Provide
    Arbitrary<List<Integer>> shortTapes() {
        return Arbitraries.integers().between(0, 255).list().ofMinSize(20).ofMaxSize(90);
    }

    @Property(tries = 8000)
    @Label(
            "each unit gets its own outcome once its fence has passed, and each unasked sunsubscribe is told once, in its place")
    void eachGetsItsOwn(@ForAll("longTapes") List<Integer> numbers) {
        Run run = new Run(new Tape(numbers), ALL_STATES, Integer.MAX_VALUE);
        run.play();
        if (run.stoppedInDoubtAboutForeign) {
            return;
        }
        assertThat(run.connection.needsFence()).isFalse();
        run.assertFinishedInTheirOrder();
        Set<FencedUnit> unknown = run.assertOutcomesAreTrue();
        if (unknown.isEmpty()) {
            assertThat(ModelServer.history(run.connection.told)).isEqualTo(run.server.history);
        } else {
            assertThat(run.connection.received)
                    .anySatisfy(what -> assertThat(what)
                            .isInstanceOfSatisfying(
                                    Received.Failure.class,
                                    failure ->
                                            assertThat(failure.error().half()).isEqualTo(ReplyError.Half.EITHER)));
        }
    }

    @Property(tries = 8000)
    @Label("what is told is what every legal assignment says, and unknown is said only where two of them differ")
    void whatIsToldIsWhatTheStreamProves(@ForAll("shortTapes") List<Integer> numbers) {
        Run run = new Run(new Tape(numbers), AMBIGUOUS_STATES, 5);
        run.judgeByBruteForce = true;
        run.play();
        if (!run.stoppedInDoubtAboutForeign) {
            run.assertFinishedInTheirOrder();
            run.assertOutcomesAreTrue();
            assertEndsAreWhatTheStreamAllows(run.connection);
        }
    }

    @Property(tries = 8000)
    @Label(
            "but its stream then corrupted, the alignment is out of step exactly where no legal server could have sent it")
    void corruptedStreamsAreFoundOut(
            @ForAll("shortTapes") List<Integer> numbers, @ForAll("shortTapes") List<Integer> corruption) {
        Run run = new Run(new Tape(numbers), corruption.get(0) % 2 == 0 ? ALL_STATES : AMBIGUOUS_STATES, 5);
        run.judgeByBruteForce = true;
        run.corruption = new Tape(corruption);
        run.play();
    }

    @Property(tries = 1500)
    @Label("however many errors leave it open whose they are, the same holds")
    void chainsOfDoubt(@ForAll("shortTapes") List<Integer> numbers) throws OutOfStepException {
        Tape tape = new Tape(numbers);
        AlignedConnection connection = new AlignedConnection();
        for (int i = 0; i < 5; i++) {
            List<ChannelName> channels = tape.oneOf(List.of(List.of(A), List.of(B), List.of(A, B)));
            connection.send(
                    switch (tape.next(8)) {
                        case 1 -> FencedUnit.subscribe(channels);
                        case 2 -> FencedUnit.plain(PlainCommand.CLUSTER_NODES);
                        case 3 -> FencedUnit.unsubscribeAsking(channels);
                        default -> FencedUnit.unsubscribe(channels);
                    });
        }
        while (connection.told.stream().filter(Told.Finished.class::isInstance).count() < 5) {
            connection.receive(anythingLegal(connection, tape));
            judge(connection, null);
            if (connection.needsFence()) {
                connection.receive(
                        new Received.Echo(connection.send(FencedUnit.fence()).number()));
                judge(connection, null);
                break;
            }
        }
        if (!connection.needsFence()) {
            assertEndsAreWhatTheStreamAllows(connection);
        }
    }

    /** What is drawn, if a server could send it now, or else the next that it could. */
    private static Received anythingLegal(AlignedConnection connection, Tape tape) {
        List<Received> choices = new ArrayList<>(
                List.of(new Received.Failure(STRANGE), new Received.Confirmation(A), new Received.Confirmation(B)));
        choices.add(new Received.Answer("OK"));
        for (int number = 1; number <= 5; number++) {
            choices.add(new Received.Echo(number));
        }
        choices.addAll(List.of(new Received.End(A), new Received.Failure(STRANGE), new Received.End(B)));
        // at the end of the tape nothing is drawn, and what is asked is answered: pushes alone would never come to an
        // end
        Collections.rotate(choices, -tape.next(choices.size()));
        for (Received choice : choices) {
            if (LegalAssignments.couldGoOnWith(connection, choice)) {
                return choice;
            }
        }
        throw new AssertionError("a server could always send a sunsubscribe");
    }

    /** What has been told so far, against all that it can have been. */
    private static void judge(AlignedConnection connection, @Nullable OutOfStepException failure) {
        Set<Assignment> legal = LegalAssignments.of(connection);
        assertThat(failure != null)
                .as("out of step is said (%s) exactly if nothing legal fits", failure)
                .isEqualTo(legal.isEmpty());
        if (failure != null) {
            return;
        }
        for (Told told : connection.told) {
            if (told instanceof Told.Finished finished) {
                Set<Outcome> possible = legal.stream()
                        .map(assignment -> assignment.outcomes().get(finished.unit()))
                        .map(outcome -> Objects.requireNonNull(outcome, "its fence may not have passed"))
                        .collect(Collectors.toSet());
                if (finished.outcome() instanceof Outcome.Unknown) {
                    assertThat(possible).as("outcomes told as unknown").hasSizeGreaterThan(1);
                } else {
                    assertThat(possible).containsExactly(finished.outcome());
                }
            }
        }
    }

    /** Once every unit is finished, each push is told that may have been the server's own, and no other. */
    private static void assertEndsAreWhatTheStreamAllows(AlignedConnection connection) {
        Set<Assignment> legal = LegalAssignments.of(connection);
        for (ChannelName channel : ModelServer.CHANNELS) {
            Set<Integer> own = legal.stream()
                    .flatMap(assignment -> assignment.own().stream())
                    .filter(at -> connection.received.get(at).equals(new Received.End(channel)))
                    .collect(Collectors.toSet());
            assertThat(connection.told)
                    .filteredOn(new Told.Ended(channel)::equals)
                    .as("the ends of %s that were told as the server's own", channel)
                    .hasSize(own.size());
        }
    }

    /** One connection's life, as a tape decides it. */
    private static final class Run {

        private final Tape tape;

        private final int maxUnits;

        private final ModelServer server;

        private final AlignedConnection connection = new AlignedConnection();

        private final Map<FencedUnit, Integer> fencePassedAt = new LinkedHashMap<>();

        private boolean judgeByBruteForce;

        private Tape corruption = new Tape(List.of());

        private int units;

        private boolean stoppedInDoubtAboutForeign;

        private boolean outOfStep;

        Run(Tape tape, List<NodeState> states, int maxUnits) {
            this.tape = tape;
            this.server = new ModelServer(states);
            this.maxUnits = maxUnits;
        }

        private boolean isOver() {
            return this.stoppedInDoubtAboutForeign || this.outOfStep;
        }

        void play() {
            while (!this.tape.isAtEnd() && !isOver()) {
                switch (this.tape.next(12)) {
                    case 0, 1, 2 -> send();
                    case 3 -> sendForeign();
                    case 4, 5 -> this.server.answerNext();
                    case 6, 7 -> this.server.somethingHappens(this.tape);
                    default -> receiveNext();
                }
            }
            boolean corrupted = !this.corruption.isAtEnd();
            this.server.heal();
            while (!isOver() && !(this.server.isIdle() && this.server.output.isEmpty())) {
                this.server.answerNext();
                receiveNext();
            }
            if (!isOver() && !corrupted) {
                assertThat(this.connection.needsFence())
                        .as("in doubt though the last fence was echoed")
                        .isFalse();
            }
        }

        private void send() {
            if (this.units++ < this.maxUnits) {
                FencedUnit unit = switch (this.tape.next(12)) {
                    case 0, 1, 2 -> FencedUnit.subscribe(channels());
                    case 3 -> FencedUnit.fence();
                    case 4 -> FencedUnit.plain(PlainCommand.CLIENT_INFO);
                    case 5, 6 -> FencedUnit.subscribeAsking(channels());
                    case 7 -> FencedUnit.unsubscribeAsking(channels());
                    default -> FencedUnit.unsubscribe(channels());
                };
                this.server.receive(this.connection.send(unit));
            }
        }

        private List<ChannelName> channels() {
            ChannelName first = this.tape.oneOf(ModelServer.CHANNELS);
            List<ChannelName> channels = new ArrayList<>(List.of(first));
            for (int more = this.tape.next(4); more > 1; more--) {
                channels.add(this.tape.oneOf(ModelServer.CHANNELS));
            }
            if (this.tape.next(10) != 0) {
                channels.removeIf(channel -> ModelServer.slot(channel) != ModelServer.slot(first));
            }
            return channels;
        }

        private void sendForeign() {
            if (this.units++ < this.maxUnits) {
                try {
                    this.server.receiveForeign(this.tape.next(3) == 2);
                    this.connection.sendForeign();
                } catch (OutOfStepException ex) {
                    doubtAboutForeign(ex);
                }
            }
        }

        private void doubtAboutForeign(OutOfStepException ex) {
            this.stoppedInDoubtAboutForeign = true;
            assertThat(ex).hasMessageEndingWith("with another command in flight");
            if (this.judgeByBruteForce) {
                assertThat(LegalAssignments.of(this.connection))
                        .as("ways to read what is said to be in doubt")
                        .hasSizeGreaterThan(1);
            }
        }

        private void receiveNext() {
            ModelServer.Sent next = this.server.nextOutput().orElse(null);
            if (next == null) {
                return;
            }
            switch (this.corruption.isAtEnd() ? 0 : this.corruption.next(16)) {
                case 1 -> {} // dropped
                case 2 -> {
                    receive(next.what());
                    receive(next.what());
                }
                case 3 -> {
                    ModelServer.Sent after = this.server.nextOutput().orElse(null);
                    if (after != null) {
                        receive(after.what());
                    }
                    receive(next.what());
                }
                case 4 -> receive(altered(next.what()));
                default -> receive(next.what());
            }
        }

        private Received altered(Received what) {
            if (what instanceof Received.Echo echo) {
                return new Received.Echo(echo.number() + 1 - 2L * this.corruption.next(2));
            }
            if (what instanceof Received.Confirmation) {
                return new Received.Confirmation(this.corruption.oneOf(ModelServer.CHANNELS));
            }
            if (what instanceof Received.End) {
                return new Received.End(this.corruption.oneOf(ModelServer.CHANNELS));
            }
            return this.corruption.next(3) == 0
                    ? new Received.Answer("OK")
                    : new Received.Echo(this.corruption.next(4));
        }

        private void receive(Received what) {
            if (isOver()) {
                return;
            }
            int toldBefore = this.connection.told.size();
            OutOfStepException failure = null;
            try {
                this.connection.receive(what);
            } catch (OutOfStepException ex) {
                failure = ex;
            }
            if (failure != null && String.valueOf(failure.getMessage()).endsWith("with another command in flight")) {
                doubtAboutForeign(failure);
                return;
            }
            if (this.judgeByBruteForce) {
                judge(this.connection, failure);
            } else {
                assertThat(failure).as("out of step with a legal server").isNull();
            }
            this.outOfStep = failure != null;
            for (Told told : this.connection.told.subList(toldBefore, this.connection.told.size())) {
                if (told instanceof Told.Finished finished) {
                    this.fencePassedAt.put(finished.unit(), this.connection.received.size());
                }
            }
            // as the command handler does it, at once
            if (!isOver() && this.connection.needsFence()) {
                this.server.receive(this.connection.send(FencedUnit.fence()));
            }
        }

        void assertFinishedInTheirOrder() {
            List<FencedUnit> sent =
                    this.connection.sent.stream().flatMap(Optional::stream).toList();
            assertThat(List.copyOf(this.fencePassedAt.keySet())).isEqualTo(sent);
            for (Map.Entry<FencedUnit, Integer> passed : this.fencePassedAt.entrySet()) {
                assertThat(passed.getValue())
                        .as("when %s was finished, after its fence", passed.getKey())
                        .isGreaterThanOrEqualTo(trueFenceOf(passed.getKey()));
            }
        }

        /** The number of things received when the truth had it that the unit's fence was among them. */
        private int trueFenceOf(FencedUnit unit) {
            return Objects.requireNonNull(this.server.fences.get(unit));
        }

        Set<FencedUnit> assertOutcomesAreTrue() {
            Set<FencedUnit> unknown = new HashSet<>();
            for (Told told : this.connection.told) {
                if (told instanceof Told.Finished finished) {
                    if (finished.outcome() instanceof Outcome.Unknown) {
                        unknown.add(finished.unit());
                    } else {
                        assertThat(finished.outcome())
                                .as("what became of %s", finished.unit())
                                .isEqualTo(this.server.outcomes.get(finished.unit()));
                    }
                }
            }
            return unknown;
        }
    }
}
