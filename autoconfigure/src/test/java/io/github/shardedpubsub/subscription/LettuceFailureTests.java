package io.github.shardedpubsub.subscription;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.RedisConnectionException;
import io.lettuce.core.RedisException;
import java.net.SocketException;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

class LettuceFailureTests {

    private static RedisConnectionException unableToConnect(String reason) {
        return new RedisConnectionException("Unable to connect to 127.0.0.1:7000", new SocketException(reason));
    }

    @Test
    void theReasonIsAtTheBottom() {
        assertThat(LettuceFailure.reason(new CompletionException(unableToConnect("Connection reset"))))
                .isEqualTo("Connection reset");
    }

    @Test
    void ofSeveralNodesThatWereAskedItIsTheFirstOnes() {
        RedisException failure = new RedisException("Cannot retrieve initial cluster partitions");
        failure.addSuppressed(unableToConnect("Connection reset"));
        failure.addSuppressed(unableToConnect("Connection refused"));
        assertThat(LettuceFailure.reason(new CompletionException(failure))).isEqualTo("Connection reset");
    }

    @Test
    void aFailureThatSaysNothingIsCalledByItsName() {
        assertThat(LettuceFailure.reason(new SocketException())).isEqualTo("java.net.SocketException");
    }
}
