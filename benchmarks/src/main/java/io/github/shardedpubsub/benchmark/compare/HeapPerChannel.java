package io.github.shardedpubsub.benchmark.compare;

import io.github.shardedpubsub.benchmark.client.ClientKind;
import java.util.List;
import java.util.Locale;

/** What a subscribed channel takes of the heap, beyond its name and the one listener of all. */
final class HeapPerChannel implements Measurement {

    @Override
    public String title(Options options) {
        return String.format(Locale.ROOT, "Heap, %,d channels", options.number("many-channels"));
    }

    @Override
    public String measure() {
        return "a channel";
    }

    @Override
    public void measure(ClientKind kind, Run run) throws Exception {
        Options options = run.options();
        List<String> channels = run.channels(options.number("many-channels"));
        try (WorkerProcess worker = run.start(kind, channels)) {
            worker.ask("connect");
            long before = worker.ask("heap")[0];
            worker.ask("subscribe");
            run.awaitSubscribed(channels.size(), options.workLimit());
            long after = worker.ask("heap")[0];
            run.add(this, kind, measure(), "bytes", (after - before) / (double) channels.size());
        }
    }
}
