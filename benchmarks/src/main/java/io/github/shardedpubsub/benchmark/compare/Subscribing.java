package io.github.shardedpubsub.benchmark.compare;

import io.github.shardedpubsub.benchmark.client.ClientKind;
import java.util.List;
import java.util.Locale;

/** Subscribing channels over all slots, until the servers count them; the first half of the times in each process is not counted. */
final class Subscribing implements Measurement {

    private final String channels;

    /** As many channels as this option says. */
    Subscribing(String channels) {
        this.channels = channels;
    }

    @Override
    public String title(Options options) {
        return String.format(Locale.ROOT, "Subscribing %,d channels", options.number(this.channels));
    }

    @Override
    public String measure() {
        return "until the servers count them";
    }

    @Override
    public void measure(ClientKind kind, Run run) throws Exception {
        Options options = run.options();
        List<String> channels = run.channels(options.number(this.channels));
        try (WorkerProcess worker = run.start(kind, channels)) {
            for (int i = 0; i < options.number("repeats"); i++) {
                worker.ask("connect");
                long begin = System.nanoTime();
                worker.send("subscribe");
                long end = run.awaitSubscribed(channels.size(), options.workLimit());
                worker.answer();
                if (options.isCounted(i)) {
                    run.addMillis(this, kind, end - begin);
                }
                worker.ask("close");
                run.awaitNobody();
            }
        }
    }
}
