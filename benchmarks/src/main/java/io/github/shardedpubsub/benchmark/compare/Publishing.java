package io.github.shardedpubsub.benchmark.compare;

import io.github.shardedpubsub.benchmark.client.ClientKind;
import java.util.concurrent.TimeUnit;

/** Publishing as fast as a client can with a bounded number of messages in flight; nobody listens. */
final class Publishing implements Measurement {

    @Override
    public String title(Options options) {
        return "Publishing, pipelined";
    }

    @Override
    public String measure() {
        return "CPU time a message";
    }

    @Override
    public boolean concerns(ClientKind kind) {
        return kind.publishes();
    }

    @Override
    public void measure(ClientKind kind, Run run) throws Exception {
        Options options = run.options();
        int fewer = kind.recovers() ? Delivery.FEWER_WITH_RECOVERY : 1;
        int messages = options.number("messages") / fewer;
        try (WorkerProcess worker = run.start(kind, run.channels(options.number("channels")))) {
            worker.ask("connect");
            worker.ask("publish " + options.number("warm-up") / fewer + " " + options.number("payload"));
            long[] before = worker.ask("mark");
            long[] after = worker.ask("publish " + messages + " " + options.number("payload"));
            double nanos = (double) after[2] - before[2];
            run.add(this, kind, measure(), "µs", (after[1] - before[1]) / (1_000.0 * messages));
            run.add(this, kind, "messages", "/s", messages * TimeUnit.SECONDS.toNanos(1) / nanos);
        }
    }
}
