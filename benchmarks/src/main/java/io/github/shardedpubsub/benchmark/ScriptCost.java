package io.github.shardedpubsub.benchmark;

import io.github.shardedpubsub.benchmark.client.RawConnection;
import io.github.shardedpubsub.benchmark.client.RecoverablePublish;
import io.github.shardedpubsub.benchmark.report.Statistics;
import io.github.shardedpubsub.recovery.RecoverySettings;
import io.github.shardedpubsub.test.RedisCluster;
import io.github.shardedpubsub.test.RedisNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a message costs the node that serves its channel, in CPU time of the server's process: published with recovery, and, in the same
 * run, by a bare {@code SPUBLISH} and into a stream by a bare {@code XADD}. Nobody listens. All are pipelined on one connection, in turns.
 *
 * <p>Arguments: messages of each kind in a round (200,000), bytes of payload (100). {@code -Dredis.server=…} names the server.
 */
public final class ScriptCost {

    private static final int ROUNDS = 5;

    private static final int BATCH = 500;

    private static final String CHANNEL = "measured";

    private static final Pattern CPU = Pattern.compile("used_cpu_(?:user|sys):([\\d.]+)");

    private final RedisNode node;

    private final RawConnection connection;

    private ScriptCost(RedisNode node, RawConnection connection) {
        this.node = node;
        this.connection = connection;
    }

    /**
     * Measures and prints a line for each kind.
     */
    public static void main(String[] arguments) throws Exception {
        int messages = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 200_000;
        byte[] payload = new byte[arguments.length > 1 ? Integer.parseInt(arguments[1]) : 100];
        try (RedisCluster cluster = RedisCluster.start(1, 0)) {
            RedisNode node = cluster.owner(RedisCluster.slot(CHANNEL));
            try (RawConnection connection = new RawConnection(node.address())) {
                System.out.printf(
                        "%s, %,d messages of %,d bytes, CPU time of the node for one:%n",
                        cluster.serverVersion(), messages, payload.length);
                new ScriptCost(node, connection).run(messages, payload);
            }
        }
    }

    private void run(int messages, byte[] payload) throws IOException {
        String text = new String(payload, StandardCharsets.ISO_8859_1);
        Map<String, byte[]> batches = new LinkedHashMap<>();
        batches.put("SPUBLISH", batch(RawConnection.command(List.of("SPUBLISH", CHANNEL, text))));
        batches.put(
                "XADD",
                batch(RawConnection.command(
                        List.of("XADD", "{" + CHANNEL + "}", "MAXLEN", "~", "1000", "*", "p", text))));
        batches.put(
                "with recovery",
                batch(RecoverablePublish.begin(this.connection, RecoverySettings.DEFAULTS, CHANNEL, payload)));
        Map<String, List<Double>> micros = new LinkedHashMap<>();
        for (int round = 0; round <= ROUNDS; round++) {
            for (Map.Entry<String, byte[]> batch : batches.entrySet()) {
                double each = measure(batch.getValue(), messages);
                if (round > 0) {
                    micros.computeIfAbsent(batch.getKey(), kind -> new ArrayList<>())
                            .add(each);
                }
            }
        }
        double spublish = median(micros, "SPUBLISH");
        double xadd = median(micros, "XADD");
        for (String kind : micros.keySet()) {
            double each = median(micros, kind);
            System.out.printf(
                    "%-16s %6.2f µs   %5.2f × SPUBLISH   %5.2f × XADD%n", kind, each, each / spublish, each / xadd);
        }
    }

    private static double median(Map<String, List<Double>> micros, String kind) {
        return Statistics.median(micros.getOrDefault(kind, List.of()));
    }

    private static byte[] batch(byte[] command) throws IOException {
        ByteArrayOutputStream batch = new ByteArrayOutputStream();
        for (int i = 0; i < BATCH; i++) {
            batch.write(command);
        }
        return batch.toByteArray();
    }

    private double measure(byte[] batch, int messages) throws IOException {
        double before = cpuMicros();
        int batches = Math.max(1, messages / BATCH);
        for (int i = 0; i < batches; i++) {
            this.connection.write(batch);
            for (int reply = 0; reply < BATCH; reply++) {
                if (this.connection.read() instanceof RawConnection.ErrorReply refusal) {
                    throw new IOException(refusal.text());
                }
            }
        }
        return (cpuMicros() - before) / ((double) batches * BATCH);
    }

    private double cpuMicros() {
        Matcher parts = CPU.matcher(this.node.command("INFO", "cpu"));
        double seconds = 0;
        while (parts.find()) {
            seconds += Double.parseDouble(parts.group(1));
        }
        return seconds * 1_000_000;
    }
}
