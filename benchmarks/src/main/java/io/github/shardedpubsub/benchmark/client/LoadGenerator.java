package io.github.shardedpubsub.benchmark.client;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Publishes as fast as the servers take it, pipelined over one plain socket a node, to its channels in turn, written out beforehand.
 */
public final class LoadGenerator implements AutoCloseable {

    private static final int BATCH = 256;

    private final int batchesInFlight;

    private final List<Node> nodes = new ArrayList<>();

    private final ExecutorService threads = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "load");
        thread.setDaemon(true);
        return thread;
    });

    private final int channels;

    /** The command that publishes to a channel. */
    private interface Command {

        byte[] to(RawConnection connection, String channel, byte[] payload) throws IOException;
    }

    /**
     * Connects, to publish with bare {@code SPUBLISH}.
     *
     * @param channels of each node, by its address
     * @param inFlight how many messages are sent to a node at most before its answers are read
     */
    public static LoadGenerator plain(Map<String, List<String>> channels, byte[] payload, int inFlight)
            throws IOException {
        return new LoadGenerator(channels, payload, inFlight, (connection, channel, body) -> spublish(channel, body));
    }

    /**
     * Connects, to publish with recovery; the first message for each channel is published now.
     *
     * @param channels of each node, by its address
     * @param inFlight how many messages are sent to a node at most before its answers are read
     */
    public static LoadGenerator recoverable(Map<String, List<String>> channels, byte[] payload, int inFlight)
            throws IOException {
        return new LoadGenerator(
                channels,
                payload,
                inFlight,
                (connection, channel, body) ->
                        RecoverablePublish.begin(connection, RecoverablePublish.SETTINGS, channel, body));
    }

    private LoadGenerator(Map<String, List<String>> channels, byte[] payload, int inFlight, Command command)
            throws IOException {
        this.batchesInFlight = Math.max(1, inFlight / BATCH);
        this.channels = channels.values().stream().mapToInt(List::size).sum();
        for (Map.Entry<String, List<String>> node : channels.entrySet()) {
            this.nodes.add(new Node(node.getKey(), node.getValue(), payload, command));
        }
    }

    /**
     * Publishes so many messages, each channel the same share, and waits for all answers.
     *
     * @return how many receivers the servers counted for them in all
     */
    public long publish(long messages) throws InterruptedException, ExecutionException {
        List<Future<Long>> shares = new ArrayList<>();
        long rest = messages;
        for (Node node : this.nodes) {
            boolean last = node == this.nodes.get(this.nodes.size() - 1);
            long share = last ? rest : messages * node.count / this.channels;
            rest -= share;
            shares.add(this.threads.submit(() -> node.publish(share)));
        }
        long receivers = 0;
        for (Future<Long> share : shares) {
            receivers += share.get();
        }
        return receivers;
    }

    @Override
    public void close() {
        this.nodes.forEach(node -> node.connection.close());
        this.threads.shutdownNow();
        try {
            this.threads.awaitTermination(1, TimeUnit.SECONDS);
        } catch (InterruptedException ex) {
            Thread.currentThread().interrupt();
        }
    }

    private static byte[] spublish(String channel, byte[] payload) throws IOException {
        ByteArrayOutputStream command = new ByteArrayOutputStream();
        command.write(ascii(
                "*3\r\n$8\r\nSPUBLISH\r\n$" + channel.length() + "\r\n" + channel + "\r\n$" + payload.length + "\r\n"));
        command.write(payload);
        command.write(ascii("\r\n"));
        return command.toByteArray();
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private final class Node {

        private final RawConnection connection;

        private final int count;

        private final byte[] cycle;

        private final int[] offsets;

        private int next;

        Node(String address, List<String> channels, byte[] payload, Command command) throws IOException {
            this.connection = new RawConnection(address);
            // few channels are repeated, so that a batch is one write
            int repeats = Math.max(1, 4 * BATCH / channels.size());
            this.count = channels.size();
            this.offsets = new int[repeats * channels.size() + 1];
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            List<byte[]> commands = new ArrayList<>();
            for (String channel : channels) {
                commands.add(command.to(this.connection, channel, payload));
            }
            int index = 0;
            for (int i = 0; i < repeats; i++) {
                for (byte[] each : commands) {
                    this.offsets[index++] = all.size();
                    all.write(each);
                }
            }
            this.offsets[index] = all.size();
            this.cycle = all.toByteArray();
        }

        long publish(long messages) throws IOException {
            long receivers = 0;
            long answered = 0;
            long sent = 0;
            while (answered < messages) {
                while (sent < messages && sent - answered < (long) LoadGenerator.this.batchesInFlight * BATCH) {
                    sent += write((int) Math.min(BATCH, messages - sent));
                }
                long until = Math.min(sent, answered + BATCH);
                for (; answered < until; answered++) {
                    receivers += receivers();
                }
            }
            return receivers;
        }

        /** A number, or an array that begins with it. */
        private long receivers() throws IOException {
            if (this.connection.peek() == ':') {
                this.connection.next();
                return this.connection.number();
            }
            Object answer = this.connection.read();
            if (answer instanceof List<?> elements && elements.get(0) instanceof Long receivers) {
                return receivers;
            }
            throw new IOException("A message was refused: " + answer);
        }

        private int write(int messages) throws IOException {
            int end = Math.min(this.offsets.length - 1, this.next + messages);
            this.connection.write(this.cycle, this.offsets[this.next], this.offsets[end] - this.offsets[this.next]);
            int written = end - this.next;
            this.next = end == this.offsets.length - 1 ? 0 : end;
            return written;
        }
    }
}
