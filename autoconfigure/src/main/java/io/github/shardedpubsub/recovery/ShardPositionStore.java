package io.github.shardedpubsub.recovery;

import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Keeps how far listeners are, so that those that {@linkplain StartPosition#stored() want it} go on there when they start again.
 *
 * <p>Called by one thread, which may be blocked; what is saved meanwhile is as new as it can be. What fails is tried again, by an exception
 * that is thrown or in the stage, or because no answer comes within 10 seconds. For a listener and a channel no second saving begins before
 * the one before it is done or has failed; where one only takes long, it must not overwrite what is saved after it.
 */
public interface ShardPositionStore {

    /**
     * Where a listener is; the listener begins with no message before it is known.
     *
     * @param listener the listener's name, see {@link StartPosition#stored()}
     * @param channel the channel's name
     * @return completed with null if nothing is known
     */
    CompletionStage<@Nullable ListenerPosition> load(String listener, String channel);

    /**
     * Keeps where a listener is: it has taken what is in this place, and everything before it. Once a day each is saved again, so that
     * what is older than two days may be forgotten.
     *
     * @param listener the listener's name
     * @param channel the channel's name
     * @param position how far it is
     * @return completed when it is kept
     */
    CompletionStage<@Nullable Void> save(String listener, String channel, ListenerPosition position);
}
