package io.github.shardedpubsub.benchmark.client;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A socket to one server, RESP2, with a buffer that frames are read from in place. Written to by any thread, one at a time; read by one.
 */
public final class RawConnection implements AutoCloseable {

    private static final int BUFFER = 65_536;

    private final Socket socket;

    private final InputStream in;

    private final OutputStream out;

    private byte[] buffer = new byte[BUFFER];

    private int position;

    private int limit;

    /** An error that a server answered with. */
    public record ErrorReply(String text) {}

    /**
     * Connects.
     *
     * @param address {@code host:port}
     */
    public RawConnection(String address) throws IOException {
        int colon = address.lastIndexOf(':');
        this.socket = new Socket(address.substring(0, colon), Integer.parseInt(address.substring(colon + 1)));
        this.socket.setTcpNoDelay(true);
        this.in = this.socket.getInputStream();
        this.out = this.socket.getOutputStream();
    }

    /** A command as it goes over the wire. */
    public static byte[] command(List<String> words) {
        StringBuilder command =
                new StringBuilder().append('*').append(words.size()).append("\r\n");
        for (String word : words) {
            command.append('$')
                    .append(word.length())
                    .append("\r\n")
                    .append(word)
                    .append("\r\n");
        }
        return command.toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Writes at once. */
    public synchronized void write(byte[] bytes, int offset, int length) throws IOException {
        this.out.write(bytes, offset, length);
    }

    /** Writes commands at once. */
    public void write(byte[] commands) throws IOException {
        write(commands, 0, commands.length);
    }

    /** Sends a command and reads its reply. Not while others read. */
    public @Nullable Object call(String... words) throws IOException {
        write(command(List.of(words)));
        return read();
    }

    /** Whether something that has been received is not read yet. */
    public boolean hasMore() {
        return this.position < this.limit;
    }

    /** Reads a reply: a {@link String}, a {@link Long}, an {@link ErrorReply}, a {@link List} of such, or null. */
    public @Nullable Object read() throws IOException {
        byte type = next();
        switch (type) {
            case '+', '-' -> {
                StringBuilder line = new StringBuilder();
                for (byte b = next(); b != '\r'; b = next()) {
                    line.append((char) b);
                }
                next();
                return type == '+' ? line.toString() : new ErrorReply(line.toString());
            }
            case ':' -> {
                return (long) number();
            }
            case '$' -> {
                int length = number();
                return length < 0 ? null : new String(bulk(length), StandardCharsets.UTF_8);
            }
            case '*' -> {
                int size = number();
                List<@Nullable Object> elements = new ArrayList<>(Math.max(size, 0));
                for (int i = 0; i < size; i++) {
                    elements.add(read());
                }
                return elements;
            }
            default -> throw new IOException("not a RESP2 reply: '" + (char) type + "'");
        }
    }

    /** The next byte, which stays to be read. */
    byte peek() throws IOException {
        if (this.position == this.limit) {
            fill(1);
        }
        return this.buffer[this.position];
    }

    byte next() throws IOException {
        byte next = peek();
        this.position++;
        return next;
    }

    /** The rest of a line that is a number. */
    int number() throws IOException {
        byte b = next();
        boolean negative = b == '-';
        int number = negative ? 0 : b - '0';
        for (b = next(); b != '\r'; b = next()) {
            number = number * 10 + b - '0';
        }
        next();
        return negative ? -number : number;
    }

    /** The length of a bulk string that comes next. */
    int bulkLength() throws IOException {
        next();
        return number();
    }

    /** The bytes of a bulk string whose length was read, copied once. */
    byte[] bulk(int length) throws IOException {
        require(length + 2);
        byte[] bytes = new byte[length];
        System.arraycopy(this.buffer, this.position, bytes, 0, length);
        this.position += length + 2;
        return bytes;
    }

    /** A byte of a bulk string whose length was read. */
    byte peekInto(int length, int index) throws IOException {
        require(length + 2);
        return this.buffer[this.position + index];
    }

    void skipBulk(int length) throws IOException {
        require(length + 2);
        this.position += length + 2;
    }

    private void require(int bytes) throws IOException {
        if (this.limit - this.position < bytes) {
            fill(bytes);
        }
    }

    private void fill(int bytes) throws IOException {
        int left = this.limit - this.position;
        byte[] from = this.buffer;
        if (bytes > from.length) {
            this.buffer = new byte[bytes + BUFFER];
        }
        System.arraycopy(from, this.position, this.buffer, 0, left);
        this.position = 0;
        this.limit = left;
        while (this.limit < bytes) {
            int read = this.in.read(this.buffer, this.limit, this.buffer.length - this.limit);
            if (read < 0) {
                throw new EOFException("the server closed the connection");
            }
            this.limit += read;
        }
    }

    @Override
    public void close() {
        try {
            this.socket.close();
        } catch (IOException alreadyGone) {
            // nothing is left to be closed
        }
    }
}
