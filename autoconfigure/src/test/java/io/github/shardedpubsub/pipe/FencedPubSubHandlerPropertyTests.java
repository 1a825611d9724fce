package io.github.shardedpubsub.pipe;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.cluster.SlotHash;
import io.lettuce.core.protocol.ProtocolVersion;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Label;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/**
 * An application that asks for anything at any time, against a server that knows what it has answered to what: it reads the bytes that
 * are written, and its own bytes come in portions of any size.
 */
class FencedPubSubHandlerPropertyTests {

    private static final List<String> NAMES = List.of("{a}1", "{a}2", "{b}1", "{b}2", "{c}1");

    private static final String MOVED = "MOVED 1 127.0.0.1:7002";

    private static final String PING_DENIED = "NOPERM User app has no permissions to run the 'ping' command";

    @Provide
    Arbitrary<List<Integer>> tapes() {
        return Arbitraries.integers().between(0, 255).list().ofMinSize(50).ofMaxSize(400);
    }

    @Property(tries = 1500)
    @Label("every command gets its own answer, and listeners hear every push once and in order")
    void eachGetsItsOwn(@ForAll("tapes") List<Integer> numbers, @ForAll ProtocolVersion protocol) {
        Tape tape = new Tape(numbers);
        EmbeddedConnection connection = new EmbeddedConnection();
        TruthfulServer server = new TruthfulServer(protocol == ProtocolVersion.RESP3);
        Application application = new Application(connection, server);
        while (!tape.isAtEnd()) {
            switch (tape.next(8)) {
                case 0, 1, 2 -> application.asks(tape);
                case 3, 4 -> server.reads(connection.written());
                case 5 -> server.somethingHappens(tape);
                default -> connection.receiveIfAny(server.sends(1 + tape.next(40)));
            }
        }
        server.reads(connection.written());
        connection.receiveIfAny(server.sends(Integer.MAX_VALUE));
        assertThat(connection.fence.outOfStep()).isZero();
        assertThat(connection.channel.isOpen()).isTrue();
        assertThat(connection.events.stream().filter(event -> event.startsWith("#")))
                .containsExactlyInAnyOrderElementsOf(application.expected());
        assertThat(connection.events.stream().filter(event -> !event.startsWith("#")))
                .containsExactlyElementsOf(server.pushed);
        assertThat(connection.leakedAfterClose()).isZero();
    }

    /** What is asked for, with the number of commands that it goes out as. */
    private record Asked(String name, int commands) {}

    private static final class Application {

        private final EmbeddedConnection connection;

        private final TruthfulServer server;

        private final List<Asked> asked = new ArrayList<>();

        Application(EmbeddedConnection connection, TruthfulServer server) {
            this.connection = connection;
            this.server = server;
        }

        void asks(Tape tape) {
            String name = "#" + this.asked.size();
            List<String> some = new ArrayList<>(List.of(tape.oneOf(NAMES)));
            while (tape.next(3) == 2 && some.size() < 6) {
                some.add(tape.oneOf(NAMES));
            }
            String[] names = some.toArray(String[]::new);
            int kind = tape.next(11);
            boolean sharded = kind == 2 || kind == 5;
            this.asked.add(new Asked(
                    name,
                    sharded
                            ? (int) some.stream()
                                    .map(SlotHash::getSlot)
                                    .distinct()
                                    .count()
                            : 1));
            this.connection.call(name, commands -> switch (kind) {
                case 0 -> commands.subscribe(names);
                case 1 -> commands.psubscribe(names);
                case 2 -> commands.ssubscribe(names);
                case 3 -> commands.unsubscribe(names);
                case 4 -> commands.punsubscribe(names);
                case 5 -> commands.sunsubscribe(names);
                case 6 -> commands.unsubscribe();
                case 7 -> commands.punsubscribe();
                case 8 -> commands.echo(name);
                case 9 -> commands.lrange(name, 0, -1);
                default -> commands.ping();
            });
        }

        List<String> expected() {
            List<String> expected = new ArrayList<>();
            Deque<String> answers = new ArrayDeque<>(this.server.answers);
            for (Asked one : this.asked) {
                String first = answers.remove();
                for (int i = 1; i < one.commands(); i++) {
                    String next = answers.remove();
                    first = first.equals("null") ? next : first;
                }
                expected.add(one.name() + ": " + first);
            }
            assertThat(answers).isEmpty();
            return expected;
        }
    }

    /** Answers as the real ones do; of a PING with a number it keeps no account. */
    private static final class TruthfulServer {

        private final boolean resp3;

        /** What each command but the fences has been answered, as its future should say it. */
        final List<String> answers = new ArrayList<>();

        /** What listeners should hear. */
        final List<String> pushed = new ArrayList<>();

        private final Set<String> channels = new LinkedHashSet<>();

        private final Set<String> patterns = new LinkedHashSet<>();

        private final Set<String> shards = new LinkedHashSet<>();

        private final Set<Character> movedAway = new LinkedHashSet<>();

        private boolean pingDenied;

        private int messages;

        private final StringBuilder unsent = new StringBuilder();

        TruthfulServer(boolean resp3) {
            this.resp3 = resp3;
        }

        String sends(int atMost) {
            int length = Math.min(atMost, this.unsent.length());
            String bytes = this.unsent.substring(0, length);
            this.unsent.delete(0, length);
            return bytes;
        }

        void reads(String bytes) {
            Deque<String> words = new ArrayDeque<>(Arrays.asList(bytes.split("\r\n", -1)));
            while (words.size() > 1) {
                int elements = Integer.parseInt(words.remove().substring(1));
                List<String> command = new ArrayList<>();
                for (int i = 0; i < elements; i++) {
                    words.remove();
                    command.add(words.remove());
                }
                execute(command.get(0), command.subList(1, elements));
            }
        }

        void somethingHappens(Tape tape) {
            switch (tape.next(6)) {
                case 0 -> move(tape.oneOf(NAMES).charAt(1), tape.next(2) == 0);
                case 1 -> this.pingDenied = !this.pingDenied;
                default -> publish(tape.oneOf(NAMES));
            }
        }

        /** Away, or here again, which is said to subscribers in both cases. */
        private void move(char slot, boolean away) {
            if (away) {
                this.movedAway.add(slot);
            } else {
                this.movedAway.remove(slot);
            }
            for (String shard : List.copyOf(this.shards)) {
                if (shard.charAt(1) == slot) {
                    this.shards.remove(shard);
                    done("sunsubscribe", shard);
                }
            }
        }

        private void publish(String name) {
            String text = "\r\n$" + this.messages++;
            if (this.channels.contains(name)) {
                push("message", name, text);
            }
            if (this.patterns.contains(name)) {
                push("pmessage", name, name, text);
            }
            if (this.shards.contains(name)) {
                push("smessage", name, text);
            }
        }

        private void execute(String command, List<String> arguments) {
            boolean subscribed = count("subscribe") + count("ssubscribe") > 0;
            String name = command.toLowerCase(Locale.ROOT);
            switch (name) {
                case "subscribe", "psubscribe" -> {
                    arguments.forEach(argument -> subscribe(name, argument));
                    this.answers.add("null");
                }
                case "unsubscribe", "punsubscribe" -> {
                    unsubscribe(name, arguments);
                    this.answers.add("null");
                }
                case "ssubscribe", "sunsubscribe" -> sharded(name, arguments);
                case "ping" -> ping(subscribed, arguments);
                default -> other(name, subscribed, arguments);
            }
        }

        private void sharded(String name, List<String> arguments) {
            if (arguments.stream().map(SlotHash::getSlot).distinct().count() > 1) {
                error("CROSSSLOT Keys in request don't hash to the same slot");
            } else if (this.movedAway.contains(arguments.get(0).charAt(1))) {
                error(MOVED);
            } else {
                for (String argument : arguments) {
                    if (name.equals("ssubscribe")) {
                        subscribe(name, argument);
                    } else {
                        this.shards.remove(argument);
                        done(name, argument);
                    }
                }
                this.answers.add("null");
            }
        }

        private void subscribe(String name, String argument) {
            of(name).add(argument);
            done(name, argument);
        }

        private void unsubscribe(String name, List<String> arguments) {
            Set<String> all = of(name);
            if (arguments.isEmpty() && all.isEmpty()) {
                // heard by nobody, since it names nothing
                this.unsent.append(mark()).append("3\r\n").append(bulk(name)).append(this.resp3 ? "_\r\n" : "$-1\r\n");
                this.unsent.append(":").append(count(name)).append("\r\n");
            }
            for (String argument : arguments.isEmpty() ? List.copyOf(all) : arguments) {
                all.remove(argument);
                done(name, argument);
            }
        }

        private void ping(boolean subscribed, List<String> arguments) {
            String text = arguments.isEmpty() ? "" : arguments.get(0);
            if (this.pingDenied) {
                this.unsent.append("-").append(PING_DENIED).append("\r\n");
            } else if (subscribed && !this.resp3) {
                this.unsent.append("*2\r\n").append(bulk("pong")).append(bulk(text));
            } else {
                this.unsent.append(arguments.isEmpty() ? "+PONG\r\n" : bulk(text));
            }
            if (arguments.isEmpty()) {
                this.answers.add(this.pingDenied ? PING_DENIED : subscribed && !this.resp3 ? "" : "PONG");
            }
        }

        /** An ECHO, or a LRANGE of a list that looks like a message. */
        private void other(String name, boolean subscribed, List<String> arguments) {
            String text = arguments.get(0);
            if (subscribed && !this.resp3) {
                error("ERR Can't execute '" + name + "'");
            } else if (name.equals("echo")) {
                this.unsent.append(bulk(text));
                this.answers.add(text);
            } else {
                this.unsent
                        .append("*3\r\n")
                        .append(bulk("message"))
                        .append(bulk("{a}1"))
                        .append(bulk(text));
                this.answers.add("[message, {a}1, " + text + "]");
            }
        }

        private void error(String message) {
            this.unsent.append("-").append(message).append("\r\n");
            this.answers.add(message);
        }

        private Set<String> of(String name) {
            return switch (name.charAt(0)) {
                case 'p' -> this.patterns;
                case 's' -> name.startsWith("ss") ? this.shards : this.channels;
                default -> this.channels;
            };
        }

        private int count(String name) {
            return name.matches("ssubscribe|sunsubscribe")
                    ? this.shards.size()
                    : this.channels.size() + this.patterns.size();
        }

        private void done(String name, String channel) {
            int count = count(name);
            this.unsent.append(mark()).append("3\r\n").append(bulk(name)).append(bulk(channel));
            this.unsent.append(":").append(count).append("\r\n");
            this.pushed.add(name + "d " + channel + " " + count);
        }

        private void push(String... elements) {
            this.unsent.append(mark()).append(elements.length).append("\r\n");
            Arrays.stream(elements).map(TruthfulServer::bulk).forEach(this.unsent::append);
            String heard = String.join(" ", elements);
            this.pushed.add(heard.startsWith("pmessage") ? heard.substring(1) : heard);
        }

        private String mark() {
            return this.resp3 ? ">" : "*";
        }

        private static String bulk(String text) {
            return "$" + text.getBytes(StandardCharsets.UTF_8).length + "\r\n" + text + "\r\n";
        }
    }
}
