package io.github.shardedpubsub.test;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.net.SocketFactory;
import org.jspecify.annotations.Nullable;

/**
 * A blocking RESP2 connection to one server, with a bounded time for each reply and no thread of its own.
 *
 * <p>A reply is a {@link String} (simple or bulk), a {@link Long}, a {@link List}, an {@link ErrorReply} or null. Not thread-safe.
 */
final class RespConnection implements AutoCloseable {

    record ErrorReply(String text) {}

    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;

    RespConnection(SocketFactory sockets, int port, Duration connectTimeout, Duration replyTimeout) throws IOException {
        socket = sockets.createSocket();
        try {
            socket.setTcpNoDelay(true);
            socket.connect(new InetSocketAddress(InetAddress.getByName(LoopbackPorts.HOST), port), (int)
                    connectTimeout.toMillis());
            socket.setSoTimeout((int) replyTimeout.toMillis());
            in = new BufferedInputStream(socket.getInputStream(), 16_384);
            out = new BufferedOutputStream(socket.getOutputStream(), 16_384);
        } catch (IOException refused) {
            socket.close();
            throw refused;
        }
    }

    /**
     * Sends all commands at once and reads their replies.
     */
    List<@Nullable Object> call(Charset charset, List<List<String>> commands) throws IOException {
        send(charset, commands);
        return receive(charset, commands.size());
    }

    void send(Charset charset, List<List<String>> commands) throws IOException {
        for (List<String> command : commands) {
            write(charset, command);
        }
        out.flush();
    }

    List<@Nullable Object> receive(Charset charset, int count) throws IOException {
        List<@Nullable Object> replies = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            replies.add(read(charset));
        }
        return replies;
    }

    private void write(Charset charset, List<String> command) throws IOException {
        out.write(ascii("*" + command.size() + "\r\n"));
        for (String argument : command) {
            byte[] bytes = argument.getBytes(charset);
            out.write(ascii("$" + bytes.length + "\r\n"));
            out.write(bytes);
            out.write(ascii("\r\n"));
        }
    }

    private @Nullable Object read(Charset charset) throws IOException {
        int type = in.read();
        String line = readLine(charset);
        return switch (type) {
            case '+' -> line;
            case '-' -> new ErrorReply(line);
            case ':' -> Long.valueOf(line);
            case '$' -> readBulk(charset, Integer.parseInt(line));
            case '*' -> readArray(charset, Integer.parseInt(line));
            case -1 -> throw new EOFException("the server closed the connection");
            default -> throw new IOException("not a RESP2 reply: '" + (char) type + line + "'");
        };
    }

    private @Nullable String readBulk(Charset charset, int length) throws IOException {
        if (length < 0) {
            return null;
        }
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length || in.readNBytes(2).length < 2) {
            throw new EOFException("the server closed the connection within a reply");
        }
        return new String(bytes, charset);
    }

    private @Nullable List<@Nullable Object> readArray(Charset charset, int size) throws IOException {
        if (size < 0) {
            return null;
        }
        List<@Nullable Object> elements = new ArrayList<>(size);
        for (int i = 0; i < size; i++) {
            elements.add(read(charset));
        }
        return elements;
    }

    private String readLine(Charset charset) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        int b = in.read();
        while (b != '\r' && b != -1) {
            line.write(b);
            b = in.read();
        }
        if (b == -1 || in.read() == -1) {
            throw new EOFException("the server closed the connection");
        }
        return line.toString(charset);
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException alreadyGone) {
            // Nothing is left to be closed then.
        }
    }
}
