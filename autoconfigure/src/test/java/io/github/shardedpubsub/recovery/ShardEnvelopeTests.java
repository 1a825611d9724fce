package io.github.shardedpubsub.recovery;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Objects;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Label;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.jspecify.annotations.Nullable;

@Label("A message of a channel with a history,")
class ShardEnvelopeTests {

    private static final String EPOCH = "5f7053b90a1b2c3d";

    private static final String OLD = "581c0fdf00000001";

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static byte[] enveloped(String line, byte[] payload) {
        byte[] begin = bytes("\u00f5SPSR1 " + line + "\n");
        byte[] message = new byte[begin.length + payload.length];
        System.arraycopy(begin, 0, message, 0, begin.length);
        System.arraycopy(payload, 0, message, begin.length, payload.length);
        return message;
    }

    private static @Nullable ShardEnvelope parse(String line) {
        return ShardEnvelope.parse(enveloped(line, bytes("x")));
    }

    @Property
    @Label("whatever its payload, says its place and the one before it")
    void saysItsPlace(@ForAll @Size(max = 300) byte[] payload) {
        ShardEnvelope envelope = Objects.requireNonNull(
                ShardEnvelope.parse(enveloped(EPOCH + " 1795833838649-3 = 1795833838649-2", payload)));
        assertThat(envelope.position()).isEqualTo(new StreamPosition(EPOCH, 1795833838649L, 3));
        assertThat(envelope.link()).isEqualTo(new Link(new StreamPosition(EPOCH, 1795833838649L, 2), null));
        assertThat(envelope.payload()).isEqualTo(payload);
    }

    @Example
    @Label("says the same in the form of a text")
    void saysTheSameAsText() {
        for (String line : new String[] {" 7-1 = 7-0", " 7-0 " + OLD + " 5-1"}) {
            byte[] text = bytes("SPSR1 " + EPOCH + line + "\ntea");
            ShardEnvelope envelope = Objects.requireNonNull(ShardEnvelope.parse(text));
            assertThat(envelope.link())
                    .isEqualTo(Objects.requireNonNull(parse(EPOCH + line)).link());
            HistoryMessage message = HistoryMessage.open(text);
            assertThat(message.payload()).isEqualTo(bytes("tea"));
            assertThat(message.position()).isEqualTo(envelope.position());
        }
        byte[] other = bytes("SPSR1 is a fine name");
        assertThat(ShardEnvelope.parse(other)).isNull();
        assertThat(HistoryMessage.open(HistoryMessage.plain(other)).payload()).isEqualTo(other);
    }

    @Example
    @Label("with which an epoch begins, names the one before, and what is lost")
    void beginsAnEpoch() {
        assertThat(Objects.requireNonNull(parse(EPOCH + " 7-0 - 0-0")).link())
                .isEqualTo(new Link(StreamPosition.ORIGIN, null));
        assertThat(Objects.requireNonNull(parse(EPOCH + " 7-0 " + OLD + " 5-1")).link())
                .isEqualTo(new Link(new StreamPosition(OLD, 5, 1), null));
        assertThat(Objects.requireNonNull(parse(EPOCH + " 7-0 " + OLD + " 5-1 " + OLD + " 5-1 6-2"))
                        .link())
                .isEqualTo(new Link(
                        new StreamPosition(OLD, 5, 1),
                        new LostWrites(new StreamPosition(OLD, 5, 1), new StreamPosition(OLD, 6, 2))));
    }

    @Example
    @Label("is the payload of another publisher if it is not exactly so")
    void isAPayloadIfItIsNotExactlySo() {
        for (String line : new String[] {
            "",
            EPOCH,
            EPOCH + " 7-0",
            EPOCH + " 7-0 =",
            EPOCH + " 7-0 = 6-0 ",
            EPOCH + " 7-0 = 6-0 more",
            EPOCH + "  7-0 = 6-0",
            EPOCH + " 7 = 6-0",
            EPOCH + " 7-x = 6-0",
            EPOCH + " -7-0 = 6-0",
            EPOCH + " 7-1234567890123456789 = 6-0",
            EPOCH.substring(1) + " 7-0 = 6-0",
            EPOCH.toUpperCase(Locale.ROOT) + " 7-0 = 6-0",
            "- 7-0 = 6-0",
            EPOCH + " 7-0 = 6-0 " + OLD + " 5-0",
            EPOCH + " 7-0 = 6-0" + " ".repeat(300)
        }) {
            assertThat(parse(line)).as(line).isNull();
        }
        assertThat(ShardEnvelope.parse(bytes(""))).isNull();
        assertThat(ShardEnvelope.parse(bytes("\u00f5SPSR1 " + EPOCH + " 7-0 = 6-0")))
                .isNull();
        assertThat(ShardEnvelope.parse(bytes("\u00f6SPSR1 " + EPOCH + " 7-0 = 6-0\nx")))
                .isNull();
        assertThat(ShardEnvelope.parse(bytes("\u00f5SPSR2 " + EPOCH + " 7-0 = 6-0\nx")))
                .isNull();
    }

    @Property
    @Label(
            "comes out of its queue as it went in: read, live, or of a publisher that knows of no history, whatever that looks like")
    void comesOutAsItWentIn(@ForAll @Size(max = 40) byte[] payload) {
        StreamPosition position = new StreamPosition(EPOCH, 7, 1);
        assertThat(opened(HistoryMessage.recovered(new HistoryEntry(position, null, payload))))
                .isEqualTo(new Opened(hex(payload), position, true));
        assertThat(opened(enveloped(EPOCH + " 7-1 = 6-0", payload)))
                .isEqualTo(new Opened(hex(payload), position, false));
        for (byte[] plain : new byte[][] {
            payload,
            HistoryMessage.recovered(new HistoryEntry(position, null, payload)),
            HistoryMessage.plain(HistoryMessage.recovered(new HistoryEntry(position, null, payload))),
            enveloped(EPOCH, payload)
        }) {
            assertThat(opened(HistoryMessage.plain(plain))).isEqualTo(new Opened(hex(plain), null, false));
        }
    }

    private record Opened(String payload, @Nullable StreamPosition position, boolean recovered) {}

    private static Opened opened(byte[] queued) {
        HistoryMessage message = HistoryMessage.open(queued);
        return new Opened(hex(message.payload()), message.position(), message.recovered());
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
