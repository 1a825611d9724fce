package io.github.shardedpubsub.pipe;

import io.lettuce.core.output.CommandOutput;
import io.lettuce.core.protocol.CommandWrapper;
import io.lettuce.core.protocol.RedisCommand;
import org.jspecify.annotations.Nullable;

/** What stands in Lettuce's queue of sent commands and takes more than one reply. */
interface Fenced {

    /** The one in the queue, which Lettuce may have wrapped; null if it is another command. */
    static @Nullable Fenced in(@Nullable RedisCommand<?, ?, ?> queued) {
        return queued == null ? null : CommandWrapper.unwrap(queued, Fenced.class);
    }

    /** Where the next of its replies is read into. */
    CommandOutput<?, ?, ?> reply();

    /** The reply that Lettuce has just read, making room for the next. */
    Reply takeReply();

    /** Whether the outcome of all of it is known, so that no further reply is due. */
    boolean isAnswered();
}
