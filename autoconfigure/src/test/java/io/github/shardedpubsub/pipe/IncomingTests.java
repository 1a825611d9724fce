package io.github.shardedpubsub.pipe;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class IncomingTests {

    private final Incoming incoming = new Incoming();

    private void add(String bytes) {
        this.incoming.add(Unpooled.copiedBuffer(bytes, StandardCharsets.US_ASCII));
    }

    private String left() {
        return new String(
                this.incoming.copy(this.incoming.begin(), this.incoming.end() - this.incoming.begin()),
                StandardCharsets.US_ASCII);
    }

    @Test
    void whatIsNotDealtWithStaysInFrontOfWhatComesNext() {
        add("one two");
        this.incoming.begin(4);
        this.incoming.compact();
        assertThat(this.incoming.begin()).isZero();
        add(" three");
        assertThat(left()).isEqualTo("two three");
    }

    @Test
    void whatALargeFrameNeededIsGivenUpBehindIt() {
        String large = "x".repeat(1_000_000);
        for (int i = 0; i < large.length(); i += 50_000) {
            add(large.substring(i, i + 50_000));
            this.incoming.compact();
        }
        assertThat(left()).isEqualTo(large);
        assertThat(this.incoming.bytes().length).isBetween(1_000_000, 2_000_000);
        add("next");
        this.incoming.begin(1_000_000);
        this.incoming.compact();
        assertThat(left()).isEqualTo("next");
        assertThat(this.incoming.bytes()).hasSize(1 << 16);
    }

    @Test
    void ordinaryReadsAlwaysUseTheSameArray() {
        add("x".repeat(60_000));
        add("x".repeat(60_000));
        byte[] used = this.incoming.bytes();
        for (int i = 0; i < 100; i++) {
            this.incoming.begin(this.incoming.end() - 200);
            this.incoming.compact();
            add("x".repeat(65_536));
        }
        assertThat(this.incoming.bytes()).isSameAs(used);
    }
}
