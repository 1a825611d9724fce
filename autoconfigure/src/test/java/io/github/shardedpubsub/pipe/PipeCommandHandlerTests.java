package io.github.shardedpubsub.pipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class PipeCommandHandlerTests {

    private static final String MOVED = "-MOVED 866 127.0.0.1:7002\r\n";

    private static final String MISCONF =
            "-MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.\r\n";

    private static final String BUSY =
            "-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.\r\n";

    @AfterAll
    static void close() {
        EmbeddedPipe.shutdown();
    }

    // ----- the wire

    static String push(String... elements) {
        StringBuilder push = new StringBuilder(">" + elements.length + "\r\n");
        Arrays.stream(elements).forEach(element -> push.append(bulk(element)));
        return push.toString();
    }

    private static String subscribed(String channel) {
        return ">3\r\n" + bulk("ssubscribe") + bulk(channel) + ":1\r\n";
    }

    private static String ended(String channel) {
        return ">3\r\n" + bulk("sunsubscribe") + bulk(channel) + ":0\r\n";
    }

    private static String bulk(String bytes) {
        return "$" + bytes.length() + "\r\n" + bytes + "\r\n";
    }

    /** A payload that looks like the protocol's own. */
    private static String message(String channel) {
        return push("smessage", channel, "\r\n>3\r\n$1\r\n1\r\n\u0000\u00ff\r\n");
    }

    private static String seen(String channel) {
        return "message " + channel + " \r\n>3\r\n$1\r\n1\r\n\u0000\u00ff\r\n";
    }

    // ----- recorded streams

    /** One thing that happens: the pipe is made to write something, or a whole frame of the server arrives. */
    private record Step(String frame, Consumer<EmbeddedPipe> action) {}

    private static Step frame(String frame) {
        return new Step(frame, pipe -> {});
    }

    private static Step does(Consumer<EmbeddedPipe> action) {
        return new Step("", action);
    }

    private record Recorded(String name, List<Step> steps, List<String> events) {

        @Override
        public String toString() {
            return this.name;
        }
    }

    static Stream<Recorded> streams() {
        return Stream.of(
                new Recorded(
                        "success",
                        List.of(
                                does(pipe -> pipe.subscribe("s", "a", "b")),
                                does(pipe -> pipe.unsubscribe("u", "a")),
                                frame(subscribed("a")),
                                frame(message("a")),
                                frame(subscribed("b")),
                                frame(bulk("1")),
                                frame(message("b")),
                                frame(ended("a")),
                                frame(message("b")),
                                frame(bulk("2"))),
                        List.of(seen("a"), "s: confirmed", seen("b"), seen("b"), "u: confirmed")),
                new Recorded(
                        "the slot moves away under an unsubscribe",
                        List.of(
                                does(pipe -> pipe.subscribe("s", "a")),
                                frame(subscribed("a")),
                                frame(bulk("1")),
                                does(pipe -> pipe.unsubscribe("u", "a")),
                                does(pipe -> pipe.subscribe("t", "b")),
                                frame(ended("a")),
                                frame(MOVED),
                                frame(bulk("2")),
                                frame(subscribed("b")),
                                frame(message("b")),
                                frame(bulk("3"))),
                        List.of("s: confirmed", "ended a", "u: refused MOVED", seen("b"), "t: confirmed")),
                new Recorded(
                        "saving fails",
                        List.of(
                                does(pipe -> pipe.subscribe("s", "a")),
                                does(pipe -> pipe.unsubscribe("u", "a")),
                                does(pipe -> pipe.unsubscribe("v", "x")),
                                frame(subscribed("a")),
                                frame(MISCONF),
                                frame(message("a")),
                                frame(ended("a")),
                                frame(MISCONF),
                                frame(MOVED),
                                frame(MISCONF)),
                        List.of("s: confirmed", seen("a"), "u: confirmed", "v: refused MOVED")),
                new Recorded(
                        "permission is missing, for the channel and for PING",
                        List.of(
                                does(pipe -> pipe.subscribe("s", "a")),
                                does(pipe -> pipe.subscribe("t", "b")),
                                frame(
                                        "-NOPERM User run the 'ping' command has no permissions to access the 'a' channel\r\n"),
                                frame(bulk("1")),
                                frame(message("c")),
                                frame(subscribed("b")),
                                frame("-NOPERM User app has no permissions to run the 'ping' command\r\n")),
                        List.of("s: refused NOPERM", seen("c"), "t: confirmed")),
                new Recorded(
                        "a script blocks both halves",
                        List.of(
                                does(pipe -> pipe.subscribe("s", "a")),
                                does(pipe -> pipe.unsubscribe("u", "a")),
                                does(pipe -> pipe.subscribe("t", "b")),
                                frame(BUSY),
                                frame(BUSY),
                                frame(message("c")),
                                frame(BUSY),
                                frame(BUSY),
                                frame(subscribed("b")),
                                frame(bulk("3"))),
                        List.of("s: refused BUSY", seen("c"), "u: refused BUSY", "t: confirmed")),
                new Recorded(
                        "in doubt, then settled by another fence",
                        List.of(
                                does(pipe -> pipe.unsubscribe("u", "a")),
                                frame(ended("a")),
                                frame(message("a")),
                                frame(BUSY),
                                does(pipe -> assertThat(pipe.written()).endsWith("*2\r\n$4\r\nPING\r\n$1\r\n2\r\n")),
                                frame(message("a")),
                                frame(bulk("2")),
                                frame(message("a"))),
                        List.of(seen("a"), seen("a"), "u: confirmed", seen("a"))),
                new Recorded(
                        "in doubt, settled by the fence that is due",
                        List.of(
                                does(pipe -> pipe.unsubscribe("u", "a")),
                                does(pipe -> pipe.unsubscribe("v", "b")),
                                frame(ended("a")),
                                frame(BUSY),
                                does(pipe -> assertThat(pipe.written()).doesNotContain("$1\r\n3\r\n")),
                                frame(message("a")),
                                frame(bulk("1")),
                                frame(ended("b")),
                                frame(bulk("2"))),
                        List.of(seen("a"), "ended a", "u: refused BUSY", "v: confirmed")),
                new Recorded(
                        "the server ends before, inside and after units",
                        List.of(
                                frame(ended("a")),
                                does(pipe -> pipe.subscribe("s", "a", "b")),
                                frame(ended("a")),
                                frame(subscribed("a")),
                                frame(subscribed("b")),
                                frame(ended("a")),
                                frame(bulk("1")),
                                does(pipe -> pipe.unsubscribe("u", "b")),
                                frame(ended("b")),
                                frame(ended("b")),
                                frame(message("c")),
                                frame(bulk("2")),
                                frame(ended("b"))),
                        List.of(
                                "ended a",
                                "ended a",
                                "s: confirmed",
                                "ended a",
                                seen("c"),
                                "ended b",
                                "u: confirmed",
                                "ended b")),
                new Recorded(
                        "Lettuce renews its credentials in between",
                        List.of(
                                does(pipe -> pipe.subscribe("s", "a")),
                                does(pipe -> pipe.auth("auth")),
                                does(pipe -> pipe.unsubscribe("u", "a")),
                                does(pipe -> pipe.auth("again")),
                                frame(subscribed("a")),
                                frame(bulk("1")),
                                frame(message("a")),
                                frame("+OK\r\n"),
                                frame(ended("a")),
                                frame(bulk("2")),
                                frame("-WRONGPASS invalid username-password pair or user is disabled.\r\n")),
                        List.of(
                                "s: confirmed",
                                seen("a"),
                                "auth: OK",
                                "u: confirmed",
                                "again: WRONGPASS invalid username-password pair or user is disabled.")));
    }

    @ParameterizedTest
    @MethodSource("streams")
    void aStreamTellsTheSameWhereverItIsSplit(Recorded recorded) {
        int length = recorded.steps().stream()
                .mapToInt(step -> step.frame().length())
                .sum();
        for (int split = 0; split < length; split++) {
            int at = split;
            play(recorded, position -> position == at);
        }
    }

    @ParameterizedTest
    @MethodSource("streams")
    void aStreamTellsTheSameByteByByte(Recorded recorded) {
        play(recorded, position -> true);
    }

    @ParameterizedTest
    @MethodSource("streams")
    void aStreamTellsTheSameHoweverItsFramesAreGrouped(Recorded recorded) {
        List<Integer> ends = new ArrayList<>();
        int end = 0;
        for (Step step : recorded.steps()) {
            end += step.frame().length();
            ends.add(end);
        }
        List<Integer> distinct = ends.stream().distinct().toList();
        int groupings = 1 << distinct.size();
        // all of them for up to eight frames; an odd step spreads the others over all frames
        for (int grouping = 0; grouping < groupings; grouping += groupings / 256 | 1) {
            int chosen = grouping;
            play(recorded, position -> distinct.contains(position) && (chosen >> distinct.indexOf(position) & 1) == 1);
        }
    }

    /** What is received goes on in one portion until a split, or until the pipe does something. */
    private static void play(Recorded recorded, Portions.Splits splits) {
        EmbeddedPipe pipe = new EmbeddedPipe();
        Portions portions = new Portions(splits, pipe::receive);
        for (Step step : recorded.steps()) {
            if (step.frame().isEmpty()) {
                portions.flush();
                step.action().accept(pipe);
            }
            portions.receive(step.frame());
        }
        portions.flush();
        List<String> expected = new ArrayList<>(List.of("connected"));
        expected.addAll(recorded.events());
        assertThat(pipe.listener.events).isEqualTo(expected);
        assertThat(pipe.channel.isOpen()).isTrue();
        assertThat(pipe.leakedAfterClose()).as("bytes leaked").isZero();
    }

    // ----- writing

    @Test
    void aUnitIsWrittenAsItsCommandAndItsNumberedPing() {
        EmbeddedPipe pipe = new EmbeddedPipe();
        pipe.subscribe("s", "a", "käse", "a");
        pipe.unsubscribe("u", "b");
        assertThat(pipe.written())
                .isEqualTo(
                        "*3\r\n$10\r\nSSUBSCRIBE\r\n$1\r\na\r\n$5\r\nk\u00c3\u00a4se\r\n*2\r\n$4\r\nPING\r\n$1\r\n1\r\n"
                                + "*2\r\n$12\r\nSUNSUBSCRIBE\r\n$1\r\nb\r\n*2\r\n$4\r\nPING\r\n$1\r\n2\r\n");
        assertThat(pipe.leakedAfterClose()).isZero();
    }

    @Test
    void callsInARowAreWrittenInTheirOrder() {
        EmbeddedPipe pipe = new EmbeddedPipe();
        for (int i = 1; i <= 12; i++) {
            pipe.listener.watch("s" + i, pipe.pipe.subscribe(EmbeddedPipe.names("c" + i)));
        }
        pipe.channel.runPendingTasks();
        for (int i = 1; i <= 12; i++) {
            pipe.receive(subscribed("c" + i) + bulk(Integer.toString(i)));
            assertThat(pipe.listener.events).endsWith("s" + i + ": confirmed").hasSize(i + 1);
        }
    }

    @Test
    void whatIsDoneAtTheEndOfAReadComesBehindAllThatCameWithIt() {
        EmbeddedPipe pipe = new EmbeddedPipe();
        pipe.pipe
                .subscribe(EmbeddedPipe.names("a"))
                .thenRun(() -> EndOfRead.run(() -> pipe.listener.events.add("end of read")));
        pipe.channel.runPendingTasks();
        pipe.receive(subscribed("a") + bulk("1") + message("a"));
        pipe.receive(message("a"));
        assertThat(pipe.listener.events).containsExactly("connected", seen("a"), "end of read", seen("a"));
    }

    @Test
    void aCallerWhoGivesItsFutureUpBeforeItIsSentConfusesNobody() {
        EmbeddedPipe pipe = new EmbeddedPipe();
        pipe.pipe.subscribe(EmbeddedPipe.names("a")).cancel(true);
        pipe.subscribe("s", "c");
        assertThat(pipe.written()).contains("$1\r\na\r\n");
        pipe.receive(subscribed("a") + bulk("1") + subscribed("c") + bulk("2"));
        assertThat(pipe.listener.events).containsExactly("connected", "s: confirmed");
        assertThat(pipe.listener.finished).hasSize(2);
    }

    @Test
    void aCallerWhoGivesItsFutureUpWhileItIsInFlightConfusesNobody() {
        EmbeddedPipe pipe = new EmbeddedPipe();
        CompletableFuture<Outcome> outcome = pipe.pipe.unsubscribe(EmbeddedPipe.names("a"));
        pipe.channel.runPendingTasks();
        outcome.cancel(true);
        pipe.receive(MOVED);
        pipe.receive(bulk("1"));
        assertThat(pipe.channel.isOpen()).isTrue();
        assertThat(pipe.listener.events).containsExactly("connected");
        assertThat(pipe.listener.finished).hasSize(1);
    }

    // ----- out of step

    private static void assertClosedOutOfStep(EmbeddedPipe pipe, String... outcomes) {
        assertThat(pipe.channel.isOpen()).isFalse();
        List<String> expected = new ArrayList<>(List.of("out of step", "disconnected"));
        expected.addAll(List.of(outcomes));
        assertThat(pipe.listener.events).endsWith(expected.toArray(String[]::new));
        assertThat(pipe.listener.count("out of step")).isOne();
        assertThat(pipe.keptForReplay).isEmpty();
        assertThat(pipe.leakedAfterClose()).isZero();
    }

    private static EmbeddedPipe shakenHands() {
        EmbeddedPipe pipe = new EmbeddedPipe();
        pipe.auth("hello");
        pipe.receive("+OK\r\n");
        return pipe;
    }

    @Test
    void aReplyWhereNothingWasAskedClosesTheConnection() {
        EmbeddedPipe pipe = shakenHands();
        pipe.receive("+OK\r\n");
        assertClosedOutOfStep(pipe);
    }

    @Test
    void aReplyBeyondTheLastThatWasDueClosesTheConnection() {
        EmbeddedPipe pipe = new EmbeddedPipe();
        pipe.subscribe("s", "a");
        pipe.receive(subscribed("a") + bulk("1") + bulk("1"));
        assertClosedOutOfStep(pipe);
        assertThat(pipe.listener.events).contains("s: confirmed");
    }

    @Test
    void anotherNumberThanTheOneDueClosesTheConnection() {
        EmbeddedPipe pipe = new EmbeddedPipe();
        pipe.subscribe("s", "a");
        pipe.subscribe("t", "b");
        pipe.receive(subscribed("a") + bulk("2") + subscribed("b") + bulk("2"));
        assertClosedOutOfStep(pipe, "s: unknown", "t: unknown");
    }

    @Test
    void aConfirmationForAnotherChannelClosesTheConnection() {
        EmbeddedPipe pipe = new EmbeddedPipe();
        pipe.subscribe("s", "a");
        pipe.receive(subscribed("b"));
        assertClosedOutOfStep(pipe, "s: unknown");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "+OK\r\n",
                ":1\r\n",
                "$-1\r\n",
                "_\r\n",
                "*1\r\n$1\r\n1\r\n",
                "%1\r\n$1\r\n1\r\n$1\r\n1\r\n",
                "#t\r\n",
                ",1.5\r\n",
                "(12345678901234567890\r\n",
                "$9\r\n999999999\r\n",
                "$2\r\nno\r\n"
            })
    void whatAnswersNoPubSubCommandClosesTheConnection(String reply) {
        EmbeddedPipe pipe = new EmbeddedPipe();
        pipe.subscribe("s", "a");
        pipe.receive(subscribed("a") + reply);
        assertClosedOutOfStep(pipe, "s: unknown");
    }

    @Test
    void nothingIsReadBehindWhatIsOutOfStep() {
        EmbeddedPipe pipe = new EmbeddedPipe();
        pipe.subscribe("s", "a");
        pipe.receive(bulk("1") + message("a") + ended("a"));
        assertClosedOutOfStep(pipe, "s: unknown");
        assertThat(pipe.listener.events).hasSize(4);
    }

    @Test
    void errorsAloneInAnswerToEveryFenceCloseTheConnection() {
        EmbeddedPipe pipe = new EmbeddedPipe();
        pipe.unsubscribe("u", "a");
        pipe.receive(ended("a") + BUSY);
        pipe.receive(BUSY);
        pipe.receive(BUSY);
        assertThat(pipe.channel.isOpen()).isTrue();
        pipe.receive(BUSY);
        assertThat(pipe.channel.isOpen()).isFalse();
        assertThat(pipe.listener.events).containsExactly("connected", "disconnected", "u: unknown");
    }

    // ----- the end of a connection

    @Test
    void aLostConnectionIsToldBeforeTheOutcomesAndNothingIsKeptForReplay() {
        EmbeddedPipe pipe = new EmbeddedPipe();
        pipe.subscribe("s", "a");
        pipe.receive(subscribed("a"));
        pipe.auth("auth");
        pipe.unsubscribe("u", "a");
        pipe.channel.close();
        assertThat(pipe.listener.events).containsExactly("connected", "disconnected", "s: unknown", "u: unknown");
        assertThat(pipe.keptForReplay)
                .extracting(command -> command.getType().toString())
                .containsExactly("AUTH");
        assertThat(pipe.leakedAfterClose()).isZero();
    }

    @Test
    void whatIsCalledWithoutAConnectionIsUnknownAtOnce() {
        EmbeddedPipe pipe = new EmbeddedPipe();
        pipe.channel.close();
        pipe.subscribe("s", "a");
        assertThat(pipe.listener.events).containsExactly("connected", "disconnected", "s: unknown");
        assertThat(pipe.pipe.isConnected()).isFalse();
    }

    @Test
    void aUnitCalledOnOneConnectionIsNeverSentOnTheNext() {
        EmbeddedPipe pipe = new EmbeddedPipe();
        var first = pipe.channel;
        pipe.listener.watch("s", pipe.pipe.subscribe(EmbeddedPipe.names("a")));
        first.pipeline().fireChannelInactive();
        pipe.connect();
        first.runPendingTasks();
        pipe.channel.runPendingTasks();
        assertThat(pipe.written()).isEmpty();
        assertThat(pipe.listener.events).contains("s: unknown");
    }

    @Test
    void aUnitIsToldFinishedOnce() {
        EmbeddedPipe pipe = new EmbeddedPipe();
        pipe.unsubscribe("u", "a");
        pipe.subscribe("s", "b");
        // a confirmation settles that the error was the PING's, though no reply has taken the unit out of the queue
        pipe.receive(ended("a") + BUSY + subscribed("b"));
        assertThat(pipe.listener.events).containsExactly("connected", "u: confirmed");
        pipe.channel.close();
        assertThat(pipe.listener.events).containsExactly("connected", "u: confirmed", "disconnected", "s: unknown");
        assertThat(pipe.listener.finished).hasSize(2);
    }

    @Test
    void noEndIsToldBehindAConfirmationThatIsOutOfStep() {
        EmbeddedPipe pipe = new EmbeddedPipe();
        pipe.subscribe("s", "a");
        pipe.receive(subscribed("a") + bulk("1"));
        pipe.receive(subscribed("b") + ended("a"));
        assertClosedOutOfStep(pipe);
        assertThat(pipe.listener.events).doesNotContain("ended a");
    }

    @Test
    void aFrameThatNeverBecomesWholeClosesTheConnectionHoweverMuchOfItComes() {
        EmbeddedPipe pipe = new EmbeddedPipe(new PipeSettings(Duration.ofMillis(20), Duration.ZERO), ShardPushes::new);
        pipe.subscribe("s", "a");
        pipe.receive("$400000000\r\n");
        await().pollInterval(Duration.ofMillis(5)).until(() -> {
            pipe.receive("x");
            return !pipe.channel.isOpen();
        });
        assertClosedOutOfStep(pipe, "s: unknown");
    }

    @Test
    void reconnectClosesAndSaysWhy() {
        EmbeddedPipe pipe = new EmbeddedPipe();
        pipe.pipe.reconnect("closed on request");
        pipe.channel.runPendingTasks();
        assertThat(pipe.channel.isOpen()).isFalse();
        assertThat(pipe.listener.events).containsExactly("connected", "disconnected");
    }
}
