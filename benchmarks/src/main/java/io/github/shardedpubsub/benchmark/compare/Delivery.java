package io.github.shardedpubsub.benchmark.compare;

import io.github.shardedpubsub.benchmark.client.ClientKind;
import io.github.shardedpubsub.benchmark.client.LoadGenerator;
import io.github.shardedpubsub.benchmark.client.SlotTable;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** From the socket to a listener that counts, the servers at full speed: what a message costs the client's process. */
final class Delivery implements Measurement {

    private static final int IN_FLIGHT = 8_192;

    /** Servers take so much less of them. */
    static final int FEWER_WITH_RECOVERY = 10;

    private final String channels;

    private final boolean recovery;

    /** With as many channels as this option says; of messages that are published with recovery or without. */
    Delivery(String channels, boolean recovery) {
        this.channels = channels;
        this.recovery = recovery;
    }

    @Override
    public String title(Options options) {
        return String.format(
                Locale.ROOT,
                (this.recovery ? "Delivery of recoverable messages" : "Delivery") + ", %,d channels",
                options.number(this.channels));
    }

    /** Who has no recovery takes them for what they are, an envelope with a payload in it. */
    @Override
    public boolean concerns(ClientKind kind) {
        return this.recovery
                ? EnumSet.of(ClientKind.RAW, ClientKind.OURS_CONTAINER, ClientKind.OURS_CONTAINER_RECOVERY)
                        .contains(kind)
                : Measurement.super.concerns(kind);
    }

    @Override
    public String measure() {
        return "CPU time a message";
    }

    @Override
    public void measure(ClientKind kind, Run run) throws Exception {
        Options options = run.options();
        List<String> channels = run.channels(options.number(this.channels));
        int fewer = this.recovery ? FEWER_WITH_RECOVERY : 1;
        Map<String, List<String>> byNode = SlotTable.ask(run.seeds().get(0)).byNode(channels);
        byte[] payload = new byte[options.number("payload")];
        try (WorkerProcess worker = run.start(kind, channels);
                LoadGenerator load = this.recovery
                        ? LoadGenerator.recoverable(byNode, payload, IN_FLIGHT)
                        : LoadGenerator.plain(byNode, payload, IN_FLIGHT)) {
            worker.ask("connect");
            worker.ask("subscribe");
            run.awaitSubscribed(channels.size(), options.workLimit());
            long warm = load.publish(options.number("warm-up") / fewer);
            await(worker, warm, options);
            long[] before = worker.ask("mark");
            long delivered = load.publish(options.number("messages") / fewer);
            long[] after = await(worker, warm + delivered, options);
            double nanos = (double) after[2] - before[2];
            run.add(this, kind, measure(), "µs", (after[1] - before[1]) / (1_000.0 * delivered));
            run.add(this, kind, "messages", "/s", delivered * TimeUnit.SECONDS.toNanos(1) / nanos);
        }
    }

    private static long[] await(WorkerProcess worker, long messages, Options options) throws Exception {
        long[] mark = worker.ask("await " + messages + " " + options.workLimit().toMillis());
        if (mark[0] < messages) {
            throw new MeasurementException(mark[0] + " of " + messages + " messages came");
        }
        return mark;
    }
}
