package io.github.shardedpubsub.publisher;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisConnectionException;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;

class AtMostOncePublishTests {

    private static final String SPUBLISH = "*3\r\n$8\r\nSPUBLISH\r\n$6\r\norders\r\n$3\r\ntea\r\n";

    private static final String PING = "*1\r\n$4\r\nPING\r\n";

    private final AtMostOncePublish command = new AtMostOncePublish(bytes("orders"), bytes("tea"));

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private String encoded() {
        ByteBuf out = Unpooled.buffer();
        this.command.encode(out);
        return out.toString(StandardCharsets.UTF_8);
    }

    @Test
    void isSentAndAnswered() {
        assertThat(encoded()).isEqualTo(SPUBLISH);
        this.command.getOutput().set(3);
        this.command.complete();
        assertThat(this.command).isCompletedWithValue(3L);
    }

    @Test
    void isNotSentAgainWithoutAnAnswer() {
        encoded();
        assertThat(encoded()).isEqualTo(PING);
        assertThat(this.command)
                .failsWithin(Duration.ZERO)
                .withThrowableOfType(ExecutionException.class)
                .withCauseInstanceOf(RedisConnectionException.class);
        this.command.getOutput().set(ByteBuffer.wrap(bytes("PONG")));
        this.command.complete();
        assertThat(encoded()).isEqualTo(PING);
    }

    @Test
    void mayBeSentAgainAfterARefusal() {
        encoded();
        this.command.getOutput().setError(ByteBuffer.wrap(bytes("MOVED 1 127.0.0.1:7000")));
        assertThat(encoded()).isEqualTo(SPUBLISH);
        assertThat(encoded()).isEqualTo(PING);
    }

    @Test
    void failsWithTheServersError() {
        encoded();
        this.command.getOutput().setError(ByteBuffer.wrap(bytes("CLUSTERDOWN Hash slot not served")));
        this.command.complete();
        assertThat(this.command)
                .failsWithin(Duration.ZERO)
                .withThrowableOfType(ExecutionException.class)
                .withCauseInstanceOf(RedisCommandExecutionException.class)
                .withMessageContaining("CLUSTERDOWN");
    }

    @Test
    void isNeverSentOnceAbandoned() {
        assertThat(this.command.abandon()).isTrue();
        assertThat(encoded()).isEqualTo(PING);
        assertThat(this.command.abandon()).isTrue();
    }

    @Test
    void cannotBeAbandonedOnceSent() {
        encoded();
        assertThat(this.command.abandon()).isFalse();
    }
}
