package io.github.shardedpubsub.chaos;

import java.util.Random;

/** What may happen, how often in comparison with the others, and what it must not overlap with. */
enum FaultKind {
    MOVE(16, Lane.SLOTS),
    MOVE_THERE_AND_BACK(8, Lane.SLOTS),
    MOVE_MANY(5, Lane.SLOTS),
    MIGRATE(6, Lane.SLOTS),
    ASSIGN_AGAIN(6, Lane.SLOTS),
    DELETE_AND_ADD(4, Lane.SLOTS, true),
    CLUSTER_FAILS(1, Lane.SLOTS, true),
    DRAIN(1, Lane.NODES),
    REPLACE_NODE(1, Lane.NODES),
    FAILOVER(4, Lane.NODES),
    FORCED_FAILOVER(2, Lane.NODES, true),
    KILL_MASTER(3, Lane.NODES, true),
    KILL_REPLICA(2, Lane.NODES),
    REPARENT_REPLICA(3, Lane.NODES),
    RESET_REPLICA(2, Lane.NODES),
    RESET_MASTER(1, Lane.NODES, true),
    FREEZE(3, Lane.NODES, true),
    CLOSE_SUBSCRIBERS_OF_ONE_NODE(6, Lane.CLIENTS),
    CLOSE_ALL_SUBSCRIBERS(3, Lane.CLIENTS),
    CLOSE_PUBLISHERS(2, Lane.CLIENTS),
    REVOKE_CHANNELS(3, Lane.CLIENTS),
    DELETE_USER(1, Lane.CLIENTS),
    BUSY_SCRIPT(3, Lane.CLIENTS),
    CHURN(12, Lane.CLIENTS);

    /** Faults of one lane follow each other; those of different lanes happen at once. */
    enum Lane {
        /** Slots changing hands: the servers' epochs collide when two moves overlap. */
        SLOTS,

        /** Nodes failing: one at a time, so that a majority of masters is always there to vote. */
        NODES,

        /** Clients: connections, permissions, claims. */
        CLIENTS
    }

    private final int weight;

    private final Lane lane;

    /** Whether it can take messages from histories. */
    private final boolean taking;

    FaultKind(int weight, Lane lane) {
        this(weight, lane, false);
    }

    FaultKind(int weight, Lane lane, boolean taking) {
        this.weight = weight;
        this.lane = lane;
        this.taking = taking;
    }

    Lane lane() {
        return this.lane;
    }

    /**
     * Chooses by weight.
     *
     * @param lossless whether to leave out those that can take messages from histories
     */
    static FaultKind choose(Random dice, boolean lossless) {
        FaultKind chosen = choose(dice);
        while (lossless && chosen.taking) {
            chosen = choose(dice);
        }
        return chosen;
    }

    private static FaultKind choose(Random dice) {
        int total = 0;
        for (FaultKind kind : values()) {
            total += kind.weight;
        }
        int chosen = dice.nextInt(total);
        for (FaultKind kind : values()) {
            chosen -= kind.weight;
            if (chosen < 0) {
                return kind;
            }
        }
        throw new AssertionError("The weights do not add up");
    }
}
