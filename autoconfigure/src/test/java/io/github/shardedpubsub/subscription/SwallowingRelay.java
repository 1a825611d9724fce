package io.github.shardedpubsub.subscription;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Stands between a client and a node, and passes everything on but pushes of the kind that it is told to swallow.
 */
final class SwallowingRelay implements AutoCloseable {

    private final ServerSocket entrance;

    private final int nodePort;

    private final Collection<Closeable> sockets = new ConcurrentLinkedQueue<>();

    final AtomicInteger swallowed = new AtomicInteger();

    /** The kind of pushes that are lost, such as {@code smessage}. */
    volatile String swallows = "";

    /** To a node on a loopback port. */
    SwallowingRelay(int nodePort) throws IOException {
        this.nodePort = nodePort;
        this.entrance = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        start(this::accept);
    }

    InetSocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), this.entrance.getLocalPort());
    }

    private interface Work {

        void run() throws IOException;
    }

    private static void start(Work work) {
        Thread thread = new Thread(
                () -> {
                    try {
                        work.run();
                    } catch (IOException ex) {
                        // an end of a connection, as connections have
                    }
                },
                "swallowing-relay");
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() throws IOException {
        while (true) {
            Socket client = this.entrance.accept();
            Socket node = new Socket(InetAddress.getLoopbackAddress(), this.nodePort);
            this.sockets.add(client);
            this.sockets.add(node);
            start(() -> {
                try (client;
                        node) {
                    client.getInputStream().transferTo(node.getOutputStream());
                }
            });
            start(() -> {
                try (client;
                        node) {
                    passReplies(new BufferedInputStream(node.getInputStream()), client.getOutputStream());
                }
            });
        }
    }

    private void passReplies(InputStream from, OutputStream to) throws IOException {
        while (true) {
            ByteArrayOutputStream frame = new ByteArrayOutputStream();
            boolean push = readFrame(from, frame);
            if (push && isSwallowed(frame)) {
                this.swallowed.incrementAndGet();
            } else {
                frame.writeTo(to);
            }
        }
    }

    private boolean isSwallowed(ByteArrayOutputStream push) {
        String kind = this.swallows;
        return !kind.isEmpty() && push.toString(StandardCharsets.ISO_8859_1).contains("\r\n" + kind + "\r\n");
    }

    /** Returns whether it is a push. */
    private static boolean readFrame(InputStream from, ByteArrayOutputStream frame) throws IOException {
        String line = readLine(from, frame);
        char type = line.charAt(0);
        switch (type) {
            case '$', '=', '!' -> {
                int length = Integer.parseInt(line.substring(1));
                if (length >= 0) {
                    frame.write(from.readNBytes(length + 2));
                }
            }
            case '*', '>', '~' -> readFrames(Integer.parseInt(line.substring(1)), from, frame);
            case '%' -> readFrames(2 * Integer.parseInt(line.substring(1)), from, frame);
            default -> {
                // one line is all there is
            }
        }
        return type == '>';
    }

    private static void readFrames(int count, InputStream from, ByteArrayOutputStream frame) throws IOException {
        for (int i = 0; i < count; i++) {
            readFrame(from, frame);
        }
    }

    private static String readLine(InputStream from, ByteArrayOutputStream frame) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int next = from.read(); next != '\n'; next = from.read()) {
            if (next < 0) {
                throw new EOFException();
            }
            line.write(next);
        }
        frame.write(line.toByteArray());
        frame.write('\n');
        return line.toString(StandardCharsets.US_ASCII).trim();
    }

    @Override
    public void close() throws IOException {
        this.entrance.close();
        for (Closeable socket : this.sockets) {
            socket.close();
        }
    }
}
