package io.github.shardedpubsub.benchmark.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class RawConnectionTests {

    /** A server that says this, in portions of so many bytes, and closes. */
    private static RawConnection connectionThatReads(String bytes, int portion) throws IOException {
        ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        Thread thread = new Thread(() -> {
            try (server;
                    Socket socket = server.accept()) {
                socket.setTcpNoDelay(true);
                byte[] all = bytes.getBytes(StandardCharsets.UTF_8);
                for (int i = 0; i < all.length; i += portion) {
                    socket.getOutputStream().write(all, i, Math.min(portion, all.length - i));
                    socket.getOutputStream().flush();
                }
            } catch (IOException ex) {
                throw new IllegalStateException(ex);
            }
        });
        thread.start();
        return new RawConnection("127.0.0.1:" + server.getLocalPort());
    }

    @Test
    void repliesOfEachKindAreReadHoweverTheyArrive() throws IOException {
        String replies = "+OK\r\n-MOVED 1 127.0.0.1:2\r\n:-12\r\n$-1\r\n*2\r\n$3\r\na\rb\r\n:7\r\n";
        for (int portion = 1; portion <= replies.length(); portion++) {
            try (RawConnection connection = connectionThatReads(replies, portion)) {
                assertThat(connection.read()).isEqualTo("OK");
                assertThat(connection.read()).isEqualTo(new RawConnection.ErrorReply("MOVED 1 127.0.0.1:2"));
                assertThat(connection.read()).isEqualTo(-12L);
                assertThat(connection.read()).isNull();
                assertThat(connection.read()).isEqualTo(List.of("a\rb", 7L));
                assertThatThrownBy(connection::read).isInstanceOf(EOFException.class);
            }
        }
    }

    @Test
    void aBulkStringLongerThanTheBufferIsReadWhole() throws IOException {
        String text = "x".repeat(200_000);
        try (RawConnection connection = connectionThatReads("$200000\r\n" + text + "\r\n+end\r\n", 50_000)) {
            assertThat(connection.read()).isEqualTo(text);
            assertThat(connection.read()).isEqualTo("end");
        }
    }

    @Test
    void aCommandIsWrittenAsAnArrayOfBulkStrings() {
        assertThat(new String(RawConnection.command(List.of("SPUBLISH", "a")), StandardCharsets.US_ASCII))
                .isEqualTo("*2\r\n$8\r\nSPUBLISH\r\n$1\r\na\r\n");
    }
}
