package io.github.shardedpubsub.pipe;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** An application's own connection, byte by byte. */
class FencedPubSubHandlerTests {

    private static final String BUSY =
            "-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.\r\n";

    private static final String MOVED = "-MOVED 866 127.0.0.1:7002\r\n";

    /** Looks like the protocol's own. */
    private static final String PAYLOAD = "\r\n*3\r\n$1\r\n1\r\n>2\r\n";

    /** How the server writes what is no reply, and the fence while something is subscribed. */
    enum Protocol {
        RESP2,
        RESP3;

        String push(String... elements) {
            StringBuilder push = new StringBuilder((this == RESP3 ? ">" : "*") + elements.length + "\r\n");
            Arrays.stream(elements).forEach(element -> push.append(bulk(element)));
            return push.toString();
        }

        String done(String verb, String channel, int count) {
            return (this == RESP3 ? ">" : "*") + "3\r\n" + bulk(verb) + bulk(channel) + ":" + count + "\r\n";
        }

        String fence(long number) {
            return this == RESP3 ? bulk(Long.toString(number)) : "*2\r\n" + bulk("pong") + bulk(Long.toString(number));
        }
    }

    private static String bulk(String bytes) {
        return "$" + bytes.length() + "\r\n" + bytes + "\r\n";
    }

    // ----- recorded streams

    /** One thing that happens: the connection is made to write something, or a whole frame of the server arrives. */
    private record Step(String frame, Consumer<EmbeddedConnection> action) {}

    private static Step frame(String frame) {
        return new Step(frame, connection -> {});
    }

    private static Step call(String name, EmbeddedConnection.Call call) {
        return new Step("", connection -> connection.call(name, call));
    }

    private record Recorded(String name, List<Step> steps, List<String> events) {

        @Override
        public String toString() {
            return this.name;
        }
    }

    static Stream<Recorded> streams() {
        return Stream.concat(Arrays.stream(Protocol.values()).flatMap(FencedPubSubHandlerTests::inBoth), onlyInOne());
    }

    private static Stream<Recorded> inBoth(Protocol resp) {
        return Stream.of(
                new Recorded(
                        resp + ": each kind subscribed to and left, with messages between",
                        List.of(
                                call("s", commands -> commands.subscribe("c")),
                                frame(resp.done("subscribe", "c", 1)),
                                frame(resp.push("message", "c", PAYLOAD)),
                                frame(resp.fence(1)),
                                call("p", commands -> commands.psubscribe("p*")),
                                call("x", commands -> commands.ssubscribe("x")),
                                frame(resp.done("psubscribe", "p*", 2)),
                                frame(resp.push("pmessage", "p*", "p1", PAYLOAD)),
                                frame(resp.fence(2)),
                                frame(resp.push("message", "c", "2")),
                                frame(resp.done("ssubscribe", "x", 1)),
                                frame(resp.push("smessage", "x", PAYLOAD)),
                                frame(resp.fence(3)),
                                call("u", commands -> commands.unsubscribe("c")),
                                call("q", commands -> commands.punsubscribe("p*")),
                                frame(resp.done("unsubscribe", "c", 1)),
                                frame(resp.push("smessage", "x", "3")),
                                frame(resp.fence(4)),
                                frame(resp.done("punsubscribe", "p*", 0)),
                                frame(resp.fence(5)),
                                call("y", commands -> commands.sunsubscribe("x")),
                                frame(resp.push("smessage", "x", "4")),
                                frame(resp.done("sunsubscribe", "x", 0)),
                                frame(bulk("6"))),
                        List.of(
                                "subscribed c 1",
                                "message c " + PAYLOAD,
                                "s: null",
                                "psubscribed p* 2",
                                "message p* p1 " + PAYLOAD,
                                "p: null",
                                "message c 2",
                                "ssubscribed x 1",
                                "smessage x " + PAYLOAD,
                                "x: null",
                                "unsubscribed c 1",
                                "smessage x 3",
                                "u: null",
                                "punsubscribed p* 0",
                                "q: null",
                                "smessage x 4",
                                "sunsubscribed x 0",
                                "y: null")),
                new Recorded(
                        resp + ": several channels, one completion",
                        List.of(
                                call("s", commands -> commands.subscribe("a", "b", "a")),
                                frame(resp.done("subscribe", "a", 1)),
                                frame(resp.done("subscribe", "b", 2)),
                                frame(resp.done("subscribe", "a", 2)),
                                frame(resp.fence(1)),
                                call("u", commands -> commands.unsubscribe("b", "a")),
                                frame(resp.done("unsubscribe", "b", 1)),
                                frame(resp.push("message", "a", "1")),
                                frame(resp.done("unsubscribe", "a", 0)),
                                frame(bulk("2"))),
                        List.of(
                                "subscribed a 1",
                                "subscribed b 2",
                                "subscribed a 2",
                                "s: null",
                                "unsubscribed b 1",
                                "message a 1",
                                "unsubscribed a 0",
                                "u: null")),
                new Recorded(
                        resp + ": everything left at once, and once more where there is nothing",
                        List.of(
                                call("s", commands -> commands.subscribe("a", "b")),
                                frame(resp.done("subscribe", "a", 1)),
                                frame(resp.done("subscribe", "b", 2)),
                                frame(resp.fence(1)),
                                call("u", commands -> commands.unsubscribe()),
                                call("v", commands -> commands.unsubscribe()),
                                call("e", commands -> commands.echo("e")),
                                frame(resp.done("unsubscribe", "b", 1)),
                                frame(resp.done("unsubscribe", "a", 0)),
                                frame(bulk("2")),
                                frame((resp == Protocol.RESP3 ? ">" : "*") + "3\r\n" + bulk("unsubscribe")
                                        + "$-1\r\n:0\r\n"),
                                frame(bulk("3")),
                                frame(bulk("e"))),
                        List.of(
                                "subscribed a 1",
                                "subscribed b 2",
                                "s: null",
                                "unsubscribed b 1",
                                "unsubscribed a 0",
                                "u: null",
                                "v: null",
                                "e: e")),
                new Recorded(
                        resp + ": the slot moves before the unsubscribe: its error is its own, the push nobody's reply",
                        List.of(
                                call("s", commands -> commands.ssubscribe("x", "{x}2")),
                                frame(resp.done("ssubscribe", "x", 1)),
                                frame(resp.done("ssubscribe", "{x}2", 2)),
                                frame(resp.fence(1)),
                                call("u", commands -> commands.sunsubscribe("x")),
                                call("t", commands -> commands.ssubscribe("y")),
                                frame(resp.done("sunsubscribe", "x", 1)),
                                frame(resp.done("sunsubscribe", "{x}2", 0)),
                                frame(MOVED),
                                frame(bulk("2")),
                                frame(resp.done("ssubscribe", "y", 1)),
                                frame(resp.fence(3))),
                        List.of(
                                "ssubscribed x 1",
                                "ssubscribed {x}2 2",
                                "s: null",
                                "sunsubscribed x 1",
                                "sunsubscribed {x}2 0",
                                "u: MOVED 866 127.0.0.1:7002",
                                "ssubscribed y 1",
                                "t: null")),
                new Recorded(
                        resp + ": channels of several slots go out slot by slot, and one refusal spares the others",
                        List.of(
                                call("s", commands -> commands.ssubscribe("{a}1", "{b}1", "{a}2")),
                                frame(resp.done("ssubscribe", "{a}1", 1)),
                                frame(resp.done("ssubscribe", "{a}2", 2)),
                                frame(resp.fence(1)),
                                frame(MOVED),
                                frame(resp.fence(2))),
                        List.of("ssubscribed {a}1 1", "ssubscribed {a}2 2", "s: MOVED 866 127.0.0.1:7002")),
                new Recorded(
                        resp + ": a message comes in the middle of what is pending",
                        List.of(
                                call("s", commands -> commands.ssubscribe("x")),
                                frame(resp.done("ssubscribe", "x", 1)),
                                frame(resp.fence(1)),
                                call("t", commands -> commands.ssubscribe("y")),
                                call("p", commands -> commands.ping()),
                                frame(resp.push("smessage", "x", "1")),
                                frame(resp.done("ssubscribe", "y", 2)),
                                frame(resp.push("smessage", "y", "2")),
                                frame(resp.fence(2)),
                                frame(resp.push("smessage", "x", "3")),
                                frame(resp == Protocol.RESP3 ? "+PONG\r\n" : "*2\r\n" + bulk("pong") + bulk("")),
                                frame(resp.push("smessage", "x", "4"))),
                        List.of(
                                "ssubscribed x 1",
                                "s: null",
                                "smessage x 1",
                                "ssubscribed y 2",
                                "smessage y 2",
                                "t: null",
                                "smessage x 3",
                                resp == Protocol.RESP3 ? "p: PONG" : "p: ",
                                "smessage x 4")),
                new Recorded(
                        resp + ": a PING that cannot be answered still is the fence",
                        List.of(
                                call("s", commands -> commands.ssubscribe("x")),
                                call("u", commands -> commands.sunsubscribe("x")),
                                call("e", commands -> commands.echo("e")),
                                frame(resp.done("ssubscribe", "x", 1)),
                                frame("-NOPERM User app has no permissions to run the 'ping' command\r\n"),
                                frame(resp.done("sunsubscribe", "x", 0)),
                                frame("-NOPERM User app has no permissions to run the 'ping' command\r\n"),
                                frame(bulk("e"))),
                        List.of("ssubscribed x 1", "s: null", "sunsubscribed x 0", "u: null", "e: e")));
    }

    private static Stream<Recorded> onlyInOne() {
        return Stream.of(
                new Recorded(
                        "RESP3: a list that looks like a message is the reply it is",
                        List.of(
                                call("s", commands -> commands.subscribe("c")),
                                call("l", commands -> commands.lrange("list", 0, -1)),
                                frame(Protocol.RESP3.done("subscribe", "c", 1)),
                                frame(bulk("1")),
                                frame("*3\r\n" + bulk("message") + bulk("c") + bulk("1")),
                                frame(Protocol.RESP3.push("message", "c", "2"))),
                        List.of("subscribed c 1", "s: null", "l: [message, c, 1]", "message c 2")),
                new Recorded(
                        "RESP2: a list that looks like a message is the reply it is, where nothing is subscribed",
                        List.of(
                                call("l", commands -> commands.lrange("list", 0, -1)),
                                call("s", commands -> commands.ssubscribe("x")),
                                call("u", commands -> commands.sunsubscribe("x")),
                                call("m", commands -> commands.lrange("list", 0, -1)),
                                frame("*3\r\n" + bulk("message") + bulk("c") + bulk("1")),
                                frame(Protocol.RESP2.done("ssubscribe", "x", 1)),
                                frame(Protocol.RESP2.fence(1)),
                                frame(Protocol.RESP2.done("sunsubscribe", "x", 0)),
                                frame(bulk("2")),
                                frame("*3\r\n" + bulk("smessage") + bulk("x") + bulk("1"))),
                        List.of(
                                "l: [message, c, 1]",
                                "ssubscribed x 1",
                                "s: null",
                                "sunsubscribed x 0",
                                "u: null",
                                "m: [smessage, x, 1]")),
                new Recorded(
                        "RESP2: a command that is not allowed while subscribed gets its error",
                        List.of(
                                call("s", commands -> commands.ssubscribe("x")),
                                frame(Protocol.RESP2.done("ssubscribe", "x", 1)),
                                frame(Protocol.RESP2.fence(1)),
                                call("g", commands -> commands.get("key")),
                                frame(Protocol.RESP2.push("smessage", "x", "1")),
                                frame("-ERR Can't execute 'get' in this context\r\n"),
                                frame(Protocol.RESP2.push("smessage", "x", "2"))),
                        List.of(
                                "ssubscribed x 1",
                                "s: null",
                                "smessage x 1",
                                "g: ERR Can't execute 'get' in this context",
                                "smessage x 2")));
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

    /** What is received goes on in one portion until a split, or until the application does something. */
    private static void play(Recorded recorded, Portions.Splits splits) {
        EmbeddedConnection connection = new EmbeddedConnection();
        Portions portions = new Portions(splits, connection::receive);
        for (Step step : recorded.steps()) {
            if (step.frame().isEmpty()) {
                portions.flush();
                step.action().accept(connection);
            }
            portions.receive(step.frame());
        }
        portions.flush();
        assertThat(connection.events).isEqualTo(recorded.events());
        assertThat(connection.channel.isOpen()).isTrue();
        assertThat(connection.fence.outOfStep()).isZero();
        assertThat(connection.leakedAfterClose()).as("bytes leaked").isZero();
    }

    // ----- writing

    private static String command(String... words) {
        return Protocol.RESP2.push(words);
    }

    @Test
    void everyPubSubCommandIsWrittenWithItsNumberedPingAndOthersAreNot() {
        EmbeddedConnection connection = new EmbeddedConnection();
        connection.call("s", commands -> commands.subscribe("a", "käse"));
        connection.call("e", commands -> commands.echo("e"));
        connection.call("u", commands -> commands.punsubscribe());
        assertThat(connection.written())
                .isEqualTo(command("SUBSCRIBE", "a", "k\u00c3\u00a4se")
                        + command("PING", "1")
                        + command("ECHO", "e")
                        + command("PUNSUBSCRIBE")
                        + command("PING", "2"));
    }

    @Test
    void shardChannelsOfSeveralSlotsAreWrittenSlotBySlot() {
        EmbeddedConnection connection = new EmbeddedConnection();
        connection.call("s", commands -> commands.ssubscribe("{a}1", "{b}1", "{a}2"));
        assertThat(connection.written())
                .isEqualTo(command("SSUBSCRIBE", "{a}1", "{a}2")
                        + command("PING", "1")
                        + command("SSUBSCRIBE", "{b}1")
                        + command("PING", "2"));
    }

    @Test
    void commandsFlushedTogetherAreAnsweredEachByItsOwn() {
        EmbeddedConnection connection = new EmbeddedConnection();
        connection.unflushed(() -> {
            connection.call("e", commands -> commands.echo("e"));
            connection.call("u", commands -> commands.sunsubscribe("x"));
            connection.call("f", commands -> commands.echo("f"));
        });
        connection.receive(bulk("e") + MOVED + bulk("1") + bulk("f"));
        assertThat(connection.events).containsExactly("e: e", "u: MOVED 866 127.0.0.1:7002", "f: f");
    }

    @Test
    void aBatchInOneWriteIsAnsweredEachByItsOwn() {
        EmbeddedConnection connection = new EmbeddedConnection();
        connection.callInOneWrite("e", "u", "x");
        assertThat(connection.written())
                .isEqualTo(command("ECHO", "e") + command("SUNSUBSCRIBE", "x") + command("PING", "1"));
        connection.receive(bulk("e") + MOVED + bulk("1"));
        assertThat(connection.events).containsExactly("e: e", "u: MOVED 866 127.0.0.1:7002");
    }

    // ----- given up, lost, out of step

    @ParameterizedTest
    @EnumSource
    void aCommandGivenUpInFlightConfusesNobody(Protocol resp) {
        EmbeddedConnection connection = new EmbeddedConnection();
        connection.call("s", commands -> commands.ssubscribe("x")).cancel(true);
        connection.call("e", commands -> commands.ping());
        connection.receive(resp.done("ssubscribe", "x", 1) + resp.fence(1));
        connection.receive(resp == Protocol.RESP3 ? bulk("PONG") : "*2\r\n" + bulk("pong") + bulk("PONG"));
        assertThat(connection.events)
                .containsExactly("s: " + new CancellationException().getMessage(), "ssubscribed x 1", "e: PONG");
        assertThat(connection.channel.isOpen()).isTrue();
    }

    @Test
    void whatWasInFlightIsSentAgainWithItsFenceOnTheNextConnection() {
        EmbeddedConnection connection = new EmbeddedConnection();
        connection.call("s", commands -> commands.ssubscribe("x"));
        connection.receive(Protocol.RESP3.done("ssubscribe", "x", 1) + bulk("1"));
        connection.call("u", commands -> commands.ssubscribe("y"));
        connection.call("e", commands -> commands.echo("e"));
        connection.written();
        connection.channel.close();
        connection.channel.runPendingTasks();
        connection.connect();
        connection.channel.runPendingTasks();
        assertThat(connection.written())
                .isEqualTo(command("SSUBSCRIBE", "x")
                        + command("PING", "1")
                        + command("SSUBSCRIBE", "y")
                        + command("PING", "2")
                        + command("ECHO", "e"));
        connection.receive(Protocol.RESP3.done("ssubscribe", "x", 1) + bulk("1"));
        connection.receive(Protocol.RESP3.done("ssubscribe", "y", 2) + bulk("2") + bulk("e"));
        assertThat(connection.events)
                .containsExactly("ssubscribed x 1", "s: null", "ssubscribed x 1", "ssubscribed y 2", "u: null", "e: e");
    }

    @Test
    void channelsOfSeveralSlotsAreSubscribedAgainOnTheNextConnectionSlotBySlot() {
        EmbeddedConnection connection = new EmbeddedConnection();
        connection.call("s", commands -> commands.ssubscribe("{a}1", "{b}1"));
        connection.receive(Protocol.RESP3.done("ssubscribe", "{a}1", 1) + bulk("1"));
        connection.receive(Protocol.RESP3.done("ssubscribe", "{b}1", 2) + bulk("2"));
        connection.channel.close();
        connection.connect();
        connection.channel.runPendingTasks();
        assertThat(connection.written())
                .isIn(
                        command("SSUBSCRIBE", "{a}1")
                                + command("PING", "1")
                                + command("SSUBSCRIBE", "{b}1")
                                + command("PING", "2"),
                        command("SSUBSCRIBE", "{b}1")
                                + command("PING", "1")
                                + command("SSUBSCRIBE", "{a}1")
                                + command("PING", "2"));
    }

    @Test
    void whereTheRepliesLeaveADoubtAnotherNumberSettlesIt() {
        EmbeddedConnection connection = new EmbeddedConnection();
        connection.call("u", commands -> commands.sunsubscribe("x"));
        connection.written();
        connection.receive(Protocol.RESP3.done("sunsubscribe", "x", 0) + BUSY);
        assertThat(connection.written()).isEqualTo(command("PING", "2"));
        assertThat(connection.events).containsExactly("sunsubscribed x 0");
        connection.receive(bulk("2"));
        connection.call("e", commands -> commands.echo("e"));
        connection.receive(bulk("e"));
        assertThat(connection.events).containsExactly("sunsubscribed x 0", "u: null", "e: e");
    }

    @Test
    void aDoubtWithAnotherCommandInFlightClosesTheConnection() {
        EmbeddedConnection connection = new EmbeddedConnection();
        connection.call("u", commands -> commands.sunsubscribe("x"));
        connection.call("e", commands -> commands.echo("e"));
        connection.receive(Protocol.RESP3.done("sunsubscribe", "x", 0) + BUSY + bulk("e"));
        assertThat(connection.channel.isOpen()).isFalse();
        assertThat(connection.fence.outOfStep()).isOne();
        assertThat(connection.events).containsExactly("sunsubscribed x 0");
    }

    @Test
    void errorsAloneInAnswerToEveryNumberCloseTheConnection() {
        EmbeddedConnection connection = new EmbeddedConnection();
        connection.call("u", commands -> commands.sunsubscribe("x"));
        connection.receive(Protocol.RESP3.done("sunsubscribe", "x", 0) + BUSY);
        connection.receive(BUSY);
        connection.receive(BUSY);
        assertThat(connection.channel.isOpen()).isTrue();
        connection.receive(BUSY);
        assertThat(connection.channel.isOpen()).isFalse();
    }

    @Test
    void aCodecThatCannotReadAMessageLosesThatMessageAlone() {
        EmbeddedConnection connection = new EmbeddedConnection();
        connection.call("s", commands -> commands.subscribe("c"));
        connection.receive(Protocol.RESP3.done("subscribe", "c", 1));
        connection.refuseToDecode("poison");
        connection.receive(
                Protocol.RESP3.push("message", "c", "poison") + bulk("1") + Protocol.RESP3.push("message", "c", "2"));
        assertThat(connection.events).containsExactly("subscribed c 1", "s: null", "message c 2");
        assertThat(connection.channel.isOpen()).isTrue();
    }

    @Test
    void whatIsBrokenOnTheWayInClosesTheConnectionBecauseRepliesMayBeMissing() {
        EmbeddedConnection connection = new EmbeddedConnection();
        connection.call("s", commands -> commands.ssubscribe("x"));
        connection.call("e", commands -> commands.echo("e"));
        connection.channel.pipeline().fireExceptionCaught(new IllegalStateException("broken"));
        assertThat(connection.channel.isOpen()).isFalse();
        assertThat(connection.fence.outOfStep()).isZero();
        assertThat(connection.events).containsExactly("s: broken");
    }

    static Stream<String> streamsOutOfStep() {
        return Stream.of(
                "+OK\r\n",
                bulk("2"),
                Protocol.RESP3.done("ssubscribe", "z", 1),
                Protocol.RESP3.done("ssubscribe", "x", 1) + "+OK\r\n",
                Protocol.RESP3.done("ssubscribe", "x", 1) + bulk("1") + bulk("1"),
                Protocol.RESP2.done("ssubscribe", "x", 1) + Protocol.RESP2.fence(2),
                Protocol.RESP2.done("ssubscribe", "x", 1) + Protocol.RESP2.fence(1) + Protocol.RESP2.fence(1),
                command("no", "push", "at", "all"));
    }

    @ParameterizedTest
    @MethodSource("streamsOutOfStep")
    void repliesThatDoNotFitCloseTheConnectionAndNothingBehindThemIsRead(String stream) {
        EmbeddedConnection connection = new EmbeddedConnection();
        connection.call("e", commands -> commands.echo("e"));
        connection.receive(bulk("e"));
        connection.call("s", commands -> commands.ssubscribe("x"));
        connection.receive(stream + Protocol.RESP3.push("smessage", "x", "behind"));
        assertThat(connection.channel.isOpen()).isFalse();
        assertThat(connection.fence.status()).isEqualTo(new FenceStatus(FenceStatus.State.INSTALLED, 0, 1, null));
        assertThat(connection.events).doesNotContain("smessage x behind");
        assertThat(connection.leakedAfterClose()).isZero();
    }

    @Test
    void pushListenersHearEveryPush() {
        EmbeddedConnection connection = new EmbeddedConnection();
        connection.hearPushes();
        connection.call("s", commands -> commands.subscribe("c"));
        connection.receive(Protocol.RESP3.done("subscribe", "c", 1)
                + bulk("1")
                + Protocol.RESP3.push("message", "c", "1")
                + Protocol.RESP3.push("invalidate", "key"));
        assertThat(connection.events)
                .containsExactly(
                        "subscribed c 1",
                        "push subscribe",
                        "s: null",
                        "message c 1",
                        "push message",
                        "push invalidate");
    }

    @Test
    void aClosedConnectionFailsWhatWasInFlightAndWhatComesAfter() {
        EmbeddedConnection connection = new EmbeddedConnection();
        connection.call("s", commands -> commands.ssubscribe("x"));
        connection.closed();
        connection.call("t", commands -> commands.ssubscribe("y"));
        assertThat(connection.events).containsExactly("s: Connection closed", "t: Connection is closed");
        assertThat(connection.fence.connections()).isZero();
    }

    @Test
    void theFenceCountsTheConnectionsItIsIn() {
        EmbeddedConnection connection = new EmbeddedConnection();
        assertThat(connection.fence.connections()).isOne();
        connection.channel.close();
        assertThat(connection.fence.connections()).isZero();
        assertThat(connection.fence.status()).hasToString("installed");
    }
}
