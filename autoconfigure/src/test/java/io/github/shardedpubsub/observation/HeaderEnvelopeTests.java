package io.github.shardedpubsub.observation;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.shardedpubsub.observation.PayloadEnvelope.Content;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HeaderEnvelopeTests {

    private static final byte[] TEA = "tea".getBytes(StandardCharsets.UTF_8);

    private final HeaderEnvelope envelope = new HeaderEnvelope();

    private byte[] wrap(Map<String, String> headers, byte[] payload) {
        return this.envelope.wrap("orders", headers, payload);
    }

    private @Nullable Content unwrap(String hex) {
        return this.envelope.unwrap("orders", HexFormat.of().parseHex(hex.replace(" ", "")));
    }

    private Content unwrapped(byte[] received) {
        return Objects.requireNonNull(this.envelope.unwrap("orders", received));
    }

    @Test
    void theBytesAreThoseThatAreDocumented() {
        assertThat(HexFormat.of().formatHex(wrap(Map.of("a", "1"), TEA)))
                .isEqualTo("f553505348" + "01" + "00000004" + "613a310a" + "746561");
    }

    @Test
    void aPayloadThatBeginsAsAnEnvelopeDoesIsPutIntoOneSoThatItComesOutAsItWas() {
        byte[] payload = wrap(Map.of("a", "1"), TEA);
        byte[] wrapped = wrap(Map.of(), payload);
        assertThat(unwrapped(wrapped).headers()).isEmpty();
        assertThat(unwrapped(wrapped).payload()).isEqualTo(payload);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "746561",
                "f5",
                "f553505348",
                "f553505348 01 000000",
                "f553505347 01 00000000",
                "f553505348 01 00000005 613a310a",
                "f553505348 01 ffffffff 613a310a",
                "f553505348 01 7fffffff 613a310a"
            })
    void whatIsNoEnvelopeOrShorterThanItSaysIsAPayload(String hex) {
        assertThat(unwrap(hex)).isNull();
    }

    @Test
    void ofAVersionToComeTheBlockIsSkipped() {
        assertThat(unwrap("f553505348 02 00000002 ffff 746561")).satisfies(content -> {
            assertThat(content.headers()).isEmpty();
            assertThat(content.payload()).isEqualTo(TEA);
        });
    }

    @Test
    void noHeaderIsTakenForTwo() {
        byte[] wrapped = wrap(Map.of("a", "1\nb:2", "c\nd", "3", "e:f", "4", "g", "5:6"), TEA);
        assertThat(unwrapped(wrapped).headers()).isEqualTo(Map.of("g", "5:6"));
        assertThat(unwrapped(wrapped).payload()).isEqualTo(TEA);
    }

    @Test
    void aPayloadMayBeEmpty() {
        byte[] wrapped = wrap(Map.of("a", "1"), new byte[0]);
        assertThat(unwrapped(wrapped).payload()).isEmpty();
    }
}
