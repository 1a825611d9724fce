package io.github.shardedpubsub.pipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WholeFramesTests {

    private static boolean isNextIn(String bytes) throws OutOfStepException {
        Incoming incoming = new Incoming();
        incoming.add(Unpooled.copiedBuffer("x" + bytes, StandardCharsets.ISO_8859_1));
        incoming.begin(1);
        return WholeFrames.next(incoming) > 0;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "+OK\r\n",
                "-MOVED 1 127.0.0.1:7002\r\n",
                ":-12\r\n",
                ":9223372036854775807\r\n",
                ",1.5e3\r\n",
                "(3492890328409238509324850943850943825024385\r\n",
                "#t\r\n",
                "_\r\n",
                "$0\r\n\r\n",
                "$-1\r\n",
                "$4\r\n\r\n\r\n\r\n",
                "=5\r\ntxt:x\r\n",
                "!3\r\nERR\r\n",
                "*-1\r\n",
                "*0\r\n",
                "~1\r\n:1\r\n",
                ">3\r\n$8\r\nsmessage\r\n$1\r\na\r\n$0\r\n\r\n",
                "%2\r\n+a\r\n:1\r\n+b\r\n*2\r\n$1\r\nx\r\n%1\r\n+c\r\n_\r\n"
            })
    void aFrameIsWholeWithItsLastByteAndNotBefore(String frame) throws Exception {
        for (int length = 0; length < frame.length(); length++) {
            assertThat(isNextIn(frame.substring(0, length)))
                    .as("%d bytes", length)
                    .isFalse();
        }
        assertThat(isNextIn(frame)).isTrue();
        Incoming twice = new Incoming();
        twice.add(Unpooled.copiedBuffer(frame + frame, StandardCharsets.ISO_8859_1));
        assertThat(WholeFrames.next(twice)).isEqualTo(frame.length());
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '"', textBlock = """
            HTTP/1.1 200 OK,                                 a frame that begins with byte 72
            "|1~",                                           a frame that begins with byte 124
            "@3~",                                           a frame that begins with byte 64
            "\u00ff~",                                       a frame that begins with byte 255
            "$536870913~",
            "$538000000~",                                   a frame of more than 537919488 bytes
            "$-2~",                                          a length of -2
            "$99999999999~",                                 a number of 11 bytes
            "$~",                                            a number of 0 bytes
            "$-~",                                           a number of 1 bytes
            "$+1~x~",                                        a number with byte 43 in it
            "$?~",                                           a number with byte 63 in it
            "$1~xy~",                                        a bulk string that is longer than its length says
            "*65537~",                                       a frame of more than 65536 elements
            "%32769~",                                       a frame of more than 65536 elements
            "*2~*65000~:1~",
            ">9999999999~",                                  a frame of more than 65536 elements
            "*-7~",                                          a length of -7
            ">0~",                                           a push of nothing
            ">-1~",                                          a push of nothing
            ">1~$-1~",                                       a push of nothing
            ">1~:1~",                                        a push of nothing
            "#true~",                                        a boolean of 4 bytes
            ":1x~",                                          a number with byte 120 in it
            """)
    void whatNoServerSendsIsKnownWhereItBegins(String bytes, String seen) throws Exception {
        String frame = bytes.replace("~", "\r\n");
        if (seen == null) {
            assertThat(isNextIn(frame)).isFalse();
        } else {
            assertThatExceptionOfType(OutOfStepException.class)
                    .isThrownBy(() -> isNextIn(frame))
                    .withMessage(seen);
        }
    }

    @Test
    void aLineFeedAloneEndsNoLine() {
        assertThatExceptionOfType(OutOfStepException.class)
                .isThrownBy(() -> isNextIn("+OK\n"))
                .withMessage("a line that does not end as lines do");
        assertThatExceptionOfType(OutOfStepException.class).isThrownBy(() -> isNextIn(":\n"));
    }

    @Test
    void aLineHasAnEnd() throws Exception {
        assertThat(isNextIn("-" + "x".repeat(WholeFrames.LONGEST_LINE - 2))).isFalse();
        assertThatExceptionOfType(OutOfStepException.class)
                .isThrownBy(() -> isNextIn("-" + "x".repeat(WholeFrames.LONGEST_LINE - 1)))
                .withMessage("a line of more than 65536 bytes");
    }

    @Test
    void elementsOfAllAggregatesCountTogether() {
        assertThatExceptionOfType(OutOfStepException.class)
                .isThrownBy(() -> isNextIn("*2\r\n*1\r\n:1\r\n*65534\r\n"))
                .withMessage("a frame of more than 65536 elements");
    }

    @Test
    void aggregatesAreNotEndlesslyDeep() throws Exception {
        assertThat(isNextIn("*1\r\n".repeat(WholeFrames.DEEPEST) + ":1\r\n")).isTrue();
        assertThatExceptionOfType(OutOfStepException.class)
                .isThrownBy(() -> isNextIn("*1\r\n".repeat(WholeFrames.DEEPEST + 1)))
                .withMessage("a frame with aggregates more than 16 deep");
    }
}
