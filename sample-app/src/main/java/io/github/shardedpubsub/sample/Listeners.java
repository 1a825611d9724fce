package io.github.shardedpubsub.sample;

import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Who listens to the couriers: we, and for comparison, while it is switched on, Lettuce alone. Both are counted by the same rule.
 */
@Component
class Listeners {

    private final ListeningBook ours;

    private volatile @Nullable ListeningBook lettuceAlone;

    Listeners(CourierLedger couriers) {
        this.ours = new ListeningBook(couriers.byChannel().keySet());
    }

    /** Redis has taken the message. */
    void accepted(String channel, long number) {
        this.ours.accepted(channel, number);
        ListeningBook other = this.lettuceAlone;
        if (other != null) {
            other.accepted(channel, number);
        }
    }

    ListeningBook ours() {
        return this.ours;
    }

    @Nullable
    ListeningBook lettuceAlone() {
        return this.lettuceAlone;
    }

    void compareWith(@Nullable ListeningBook lettuceAlone) {
        this.lettuceAlone = lettuceAlone;
    }
}
