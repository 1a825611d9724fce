package io.github.shardedpubsub.observation;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.shardedpubsub.observation.PayloadEnvelope.Content;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import net.jqwik.api.ForAll;
import net.jqwik.api.Label;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;

@Label("Given any headers of a tracer and any payload,")
class HeaderEnvelopePropertyTests {

    private final HeaderEnvelope envelope = new HeaderEnvelope();

    @Property
    @Label("what is put in comes out, and with no headers the payload stays as it is")
    void whatIsPutInComesOut(
            @ForAll @Size(max = 5) Map<String, String> headers, @ForAll @Size(max = 50) byte[] payload) {
        Map<String, String> sent = new HashMap<>();
        headers.forEach((name, value) ->
                sent.put(name.replaceAll("[:\\n\\p{Cs}]", "-"), value.replaceAll("[\\n\\p{Cs}]", "-")));
        byte[] wrapped = this.envelope.wrap("orders", sent, payload);
        Content content = this.envelope.unwrap("orders", wrapped);
        if (sent.isEmpty()) {
            assertThat(wrapped).isSameAs(payload);
            assertThat(content).isNull();
        } else {
            assertThat(Objects.requireNonNull(content).headers()).isEqualTo(sent);
            assertThat(content.payload()).isEqualTo(payload);
        }
    }
}
