package io.github.shardedpubsub.benchmark.compare;

import io.github.shardedpubsub.benchmark.client.ClientKind;
import io.github.shardedpubsub.test.RedisCluster;
import io.github.shardedpubsub.test.RedisNode;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/**
 * A slot moves, again and again: from the old owner's {@code sunsubscribe} on the wire to the last {@code SSUBSCRIBE} that the new owner has
 * carried out. The first move in each process is not counted.
 */
final class SlotMoves implements Measurement {

    private static final String SLOT = "{moving}";

    private final String channels;

    /** With so many channels in the slot, or as many as this option says. */
    SlotMoves(String channels) {
        this.channels = channels;
    }

    @Override
    public String title(Options options) {
        int count = count(options);
        return String.format(Locale.ROOT, "A slot with %,d %s moves", count, count == 1 ? "channel" : "channels");
    }

    private int count(Options options) {
        return this.channels.equals("1") ? 1 : options.number(this.channels);
    }

    @Override
    public String measure() {
        return "from sunsubscribe to SSUBSCRIBE";
    }

    @Override
    public void measure(ClientKind kind, Run run) throws Exception {
        Options options = run.options();
        RedisCluster cluster = run.cluster();
        List<String> channels =
                IntStream.range(0, count(options)).mapToObj(i -> SLOT + "-" + i).toList();
        int slot = RedisCluster.slot(SLOT);
        try (WorkerProcess worker = run.start(kind, channels)) {
            worker.ask("connect");
            worker.ask("subscribe");
            run.awaitSubscribed(channels.size(), options.workLimit());
            try (MoveWatch watch = new MoveWatch(run.seeds(), channels)) {
                for (int i = 0; i <= options.number("moves"); i++) {
                    RedisNode source = cluster.owner(slot);
                    RedisNode target = cluster.otherMaster(source);
                    watch.begin(source.address(), target.address());
                    cluster.moveSlot(slot, target);
                    long took = watch.awaitSubscribed(options.limit());
                    if (i > 0) {
                        run.addMillis(this, kind, took);
                    }
                    TimeUnit.MILLISECONDS.sleep(50);
                }
            }
        }
    }
}
