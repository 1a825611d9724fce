package io.github.shardedpubsub.listener;

import io.github.shardedpubsub.recovery.HistoryLoss;
import io.github.shardedpubsub.recovery.StreamPosition;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A listener of a channel with a history cannot have some messages any more, or may have missed some. Each listener of the channel is
 * told of on its own.
 *
 * @param cause why
 * @param after the last message before them, which the listener had or which the history has
 * @param before the next message, which the listener has or gets now; or, for {@link HistoryLoss.Cause#WRITES_LOST}, the last of them. Null
 *     where nothing is known to have followed
 * @param at when it was seen
 */
public record ShardHistoryLostEvent(
        String channel,
        HistoryLoss.Cause cause,
        StreamPosition after,
        @Nullable StreamPosition before,
        Instant at) implements ShardChannelEvent {}
