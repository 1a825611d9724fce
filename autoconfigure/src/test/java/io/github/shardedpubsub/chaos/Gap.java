package io.github.shardedpubsub.chaos;

import io.github.shardedpubsub.subscription.NodeAddress;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * A time during which a channel was said not to be confirmed, or was not claimed.
 *
 * @param node the one that had served it before, if any
 */
record Gap(Instant from, Instant until, @Nullable NodeAddress node, String why) {

    /** Whether something that happened at a moment from begin to end may have happened within. */
    boolean mayContain(Instant begin, Instant end) {
        return !end.isBefore(this.from) && !begin.isAfter(this.until);
    }
}
