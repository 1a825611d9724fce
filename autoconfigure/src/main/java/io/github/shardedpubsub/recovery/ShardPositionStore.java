package io.github.shardedpubsub.recovery;

import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Keeps how far listeners are, so that those that {@linkplain StartPosition#stored() want it} go on there when they start again.
 *
 * <p>Called by one thread, which may be blocked; what is saved meanwhile is as new as it can be. What fails is tried again. For a listener
 * and a channel no second saving begins before the one before it is done.
 */
public interface ShardPositionStore {

    /**
     * Where a listener is; the listener begins with no message before it is known.
     *
     * @param listener the listener's name, see {@link StartPosition#stored()}
     * @return completed with null if nothing is known
     */
    CompletionStage<@Nullable ListenerPosition> load(String listener, String channel);

    /**
     * Keeps where a listener is: it has taken what is in this place, and everything before it. Once a day each is saved again, so that
     * what is older than two days may be forgotten.
     *
     * @return completed when it is kept
     */
    CompletionStage<@Nullable Void> save(String listener, String channel, ListenerPosition position);
}
