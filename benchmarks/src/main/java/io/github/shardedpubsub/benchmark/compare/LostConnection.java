package io.github.shardedpubsub.benchmark.compare;

import io.github.shardedpubsub.benchmark.client.ClientKind;
import io.github.shardedpubsub.test.RedisNode;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** A connection with many channels is closed by its server: from there until the server counts them again. */
final class LostConnection implements Measurement {

    @Override
    public String title(Options options) {
        return String.format(Locale.ROOT, "A lost connection with %,d channels", options.number("some-channels"));
    }

    @Override
    public String measure() {
        return "until all are subscribed again";
    }

    @Override
    public void measure(ClientKind kind, Run run) throws Exception {
        Options options = run.options();
        RedisNode node = run.cluster().masters().get(0);
        List<String> channels = run.channelsOf(node, options.number("some-channels"));
        try (WorkerProcess worker = run.start(kind, channels)) {
            worker.ask("connect");
            worker.ask("subscribe");
            run.awaitSubscribed(channels.size(), options.workLimit());
            for (int i = 0; i < options.number("repeats"); i++) {
                // some clients wait longer for the next one where a connection has not lasted
                TimeUnit.MILLISECONDS.sleep(1_500);
                long begin = System.nanoTime();
                node.killClients("pubsub");
                long end = run.awaitSubscribed(channels.size(), options.limit());
                if (options.isCounted(i)) {
                    run.addMillis(this, kind, end - begin);
                }
            }
        }
    }
}
