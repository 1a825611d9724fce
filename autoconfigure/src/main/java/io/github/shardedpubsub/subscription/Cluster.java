package io.github.shardedpubsub.subscription;

import io.github.shardedpubsub.pipe.Pipe;
import io.github.shardedpubsub.pipe.PipeListener;
import java.util.Collection;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** What subscriptions need to know and have of a cluster. */
interface Cluster {

    /** The upstream node of a slot as far as is known, null if none is. Answers at once; can be out of date. */
    @Nullable
    NodeAddress ownerOf(int slot);

    /** The upstream nodes as far as is known, also those without slots. Answers at once; can be out of date. */
    Collection<NodeAddress> upstreams();

    /** Looks at the cluster anew. Never blocks. */
    CompletionStage<?> refresh();

    /** Calls back, on any thread, whenever slot owners may have changed. */
    void onChange(Runnable callback);

    /** Begins to open a connection to a node. */
    Pipe open(NodeAddress node, PipeListener listener);

    /** Stops calling back. */
    void close();
}
