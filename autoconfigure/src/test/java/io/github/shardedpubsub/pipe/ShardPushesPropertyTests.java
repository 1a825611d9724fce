package io.github.shardedpubsub.pipe;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.function.Function;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Label;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;

/** A pipe that reads pushes itself beside one that leaves all to Lettuce: both tell the same story of any stream. */
class ShardPushesPropertyTests {

    private static final List<String> CHANNELS =
            List.of("a", "{a}:orders", "orders:{eu}:12345678", "", "never asked for");

    private static final List<String> PAYLOADS =
            List.of("", "x", "\r\n", "$3\r\n", "\r\n>3\r\n$8\r\nsmessage\r\n$1\r\na", "\u0000\u00ff");

    /** What a server never sends, or only as something else. */
    private static final List<String> ODD = List.of(
            ">3\r\n$8\r\nsmessage\r\n$-1\r\n$1\r\nx\r\n",
            ">3\r\n$8\r\nsmessage\r\n$01\r\na\r\n$1\r\nx\r\n",
            ">3\r\n$8\r\nsmessage\r\n$1\r\na\r\n$-1\r\n",
            ">3\r\n$8\r\nsmessage\r\n$1\r\na\r\n:1\r\n",
            ">3\r\n$8\r\nsmessage\r\n$1\r\na\r\n*1\r\n$1\r\nx\r\n",
            ">3\r\n$8\r\nsmessage\r\n$+1\r\na\r\n$1\r\nx\r\n",
            ">3\r\n$8\r\nsmessage\r\n$\r\n\r\n$1\r\nx\r\n",
            ">3\r\n+smessage\r\n+a\r\n+x\r\n",
            ">2\r\n$8\r\nsmessage\r\n$1\r\na\r\n",
            ">4\r\n$8\r\nsmessage\r\n$1\r\na\r\n$1\r\nx\r\n$1\r\ny\r\n",
            "*3\r\n$8\r\nsmessage\r\n$1\r\na\r\n$1\r\nx\r\n",
            ">3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nx\r\n",
            ">3\r\n$8\r\nsmessage\r\n$999999999\r\na",
            ">3\r\n$8\r\nsmessage\r\n$99999999999\r\na",
            ">3\r\n$8\r\nsmessage\r\n$1\r\na\r\n$9999999999999999999\r\n",
            ">3\r\n$12\r\nsunsubscribe\r\n$1\r\na\r\n:0\r\n",
            ">3\r\n$10\r\nssubscribe\r\n$1\r\na\r\n:1\r\n",
            "$1\r\n1\r\n",
            "$1\r\n2\r\n",
            "-MOVED 1 127.0.0.1:7002\r\n",
            "_\r\n");

    /** Leaves everything where it is. */
    private static final class LettuceReadsAll extends ShardPushes {

        LettuceReadsAll(PipeListener listener) {
            super(listener);
        }

        @Override
        boolean read(Incoming incoming, Confirmations confirmations) {
            return false;
        }
    }

    @AfterContainer
    static void close() {
        EmbeddedPipe.shutdown();
    }

    @Provide
    Arbitrary<List<Integer>> tapes() {
        return Arbitraries.integers().between(0, 255).list().ofMinSize(20).ofMaxSize(200);
    }

    private static String message(String channel, String payload) {
        return ">3\r\n$8\r\nsmessage\r\n$" + channel.length() + "\r\n" + channel + "\r\n$" + payload.length() + "\r\n"
                + payload + "\r\n";
    }

    private static String stream(Tape tape) {
        StringBuilder stream = new StringBuilder();
        while (!tape.isAtEnd()) {
            if (tape.next(8) == 0) {
                stream.append(tape.oneOf(ODD));
            } else {
                stream.append(message(tape.oneOf(CHANNELS), tape.oneOf(PAYLOADS)));
            }
        }
        return stream.toString();
    }

    @Property(tries = 2000)
    @Label("of any stream, in any portions")
    void bothTellTheSame(@ForAll("tapes") List<Integer> numbers, @ForAll("tapes") List<Integer> splits) {
        assertThat(story(ShardPushes::new, stream(new Tape(numbers)), new Tape(splits)))
                .isEqualTo(story(LettuceReadsAll::new, stream(new Tape(numbers)), new Tape(splits)));
    }

    @Property(tries = 2000)
    @Label("of a stream with a byte too many, too few or another one anywhere")
    void bothTellTheSameOfADamagedStream(
            @ForAll("tapes") List<Integer> numbers,
            @ForAll("tapes") List<Integer> splits,
            @ForAll("tapes") List<Integer> damage) {
        String whole = stream(new Tape(numbers));
        Tape how = new Tape(damage);
        StringBuilder damaged = new StringBuilder(whole);
        for (int i = how.next(3); i >= 0; i--) {
            int place = (how.next(256) * 256 + how.next(256)) % damaged.length();
            char other = how.oneOf(List.of("0", "9", "-", "$", "\r", "\n", "a")).charAt(0);
            switch (how.next(3)) {
                case 0 -> damaged.setCharAt(place, other);
                case 1 -> damaged.insert(place, other);
                default -> damaged.deleteCharAt(place);
            }
        }
        assertThat(story(ShardPushes::new, damaged.toString(), new Tape(splits)))
                .isEqualTo(story(LettuceReadsAll::new, damaged.toString(), new Tape(splits)));
    }

    @Provide
    Arbitrary<String> hostile() {
        Arbitrary<String> types =
                Arbitraries.of("+", "-", ":", ",", "(", "#", "_", "$", "=", "!", "*", "~", ">", "%", "|", "@", "x");
        Arbitrary<String> lengths = Arbitraries.of(
                "0", "1", "3", "-1", "-2", "999999999", "2147483647", "99999999999999999999", "", "?", "+1", "1.5");
        Arbitrary<String> ends = Arbitraries.of("\r\n", "\r\n", "\r\n", "\n", "\r", "");
        Arbitrary<String> contents = Arbitraries.of("", "a\r\n", "smessage\r\n", "sunsubscribe\r\n", "\u00ff\u0080");
        return Combinators.combine(types, lengths, ends, contents)
                .as((type, length, end, content) -> type + length + end + content)
                .list()
                .ofMinSize(1)
                .ofMaxSize(60)
                .map(parts -> String.join("", parts));
    }

    @Property(tries = 3000)
    @Label("of anything at all, and hold no more of it than has come")
    void bothTellTheSameOfHostileStreams(@ForAll("hostile") String stream, @ForAll("tapes") List<Integer> splits) {
        assertThat(story(ShardPushes::new, stream, new Tape(splits)))
                .isEqualTo(story(LettuceReadsAll::new, stream, new Tape(splits)));
    }

    /** What the pipe's owner hears, and what becomes of the connection. */
    private static List<String> story(Function<PipeListener, ShardPushes> messages, String stream, Tape splits) {
        EmbeddedPipe pipe = new EmbeddedPipe(PipeSettings.DEFAULTS, messages);
        pipe.listener.know("orders:{eu}:12345678");
        pipe.subscribe("s", "a", "orders:{eu}:12345678");
        pipe.unsubscribe("u", "a");
        int at = 0;
        while (at < stream.length() && pipe.channel.isOpen()) {
            int to = Math.min(stream.length(), at + 1 + splits.next(40));
            pipe.receive(stream.substring(at, to));
            at = to;
        }
        pipe.listener.events.add(pipe.channel.isOpen() ? "open" : "closed");
        assertThat(pipe.leakedAfterClose()).isZero();
        return List.copyOf(pipe.listener.events);
    }
}
