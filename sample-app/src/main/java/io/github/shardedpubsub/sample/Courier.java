package io.github.shardedpubsub.sample;

import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * A courier riding through the streets of a grid-shaped city, one block at a time. Used by one thread.
 */
class Courier {

    private static final double SOUTH = 41.380;

    private static final double WEST = 2.140;

    private static final double BLOCK = 0.0012;

    private static final int BLOCKS = 24;

    private static final double TURNING = 0.3;

    private static final int[] HEADINGS = {0, 90, 180, 270};

    private final int id;

    private int row;

    private int column;

    private int heading;

    Courier(int id) {
        this.id = id;
        ThreadLocalRandom random = ThreadLocalRandom.current();
        this.row = random.nextInt(BLOCKS);
        this.column = random.nextInt(BLOCKS);
        this.heading = HEADINGS[random.nextInt(HEADINGS.length)];
    }

    int id() {
        return this.id;
    }

    /** Blocks from the west; -1 for no position. */
    static int column(@Nullable Position position) {
        return position == null ? -1 : (int) Math.round((position.longitude() - WEST) / BLOCK);
    }

    /** Blocks from the south; -1 for no position. */
    static int row(@Nullable Position position) {
        return position == null ? -1 : (int) Math.round((position.latitude() - SOUTH) / BLOCK);
    }

    /** The braces make the number alone decide the slot: each courier has a slot of its own. */
    String channel() {
        return "courier:{" + this.id + "}";
    }

    Position ride(long number) {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        if (random.nextDouble() < TURNING || isAtEdge()) {
            this.heading = HEADINGS[random.nextInt(HEADINGS.length)];
        }
        switch (this.heading) {
            case 0 -> this.row = Math.min(this.row + 1, BLOCKS - 1);
            case 90 -> this.column = Math.min(this.column + 1, BLOCKS - 1);
            case 180 -> this.row = Math.max(this.row - 1, 0);
            default -> this.column = Math.max(this.column - 1, 0);
        }
        return new Position(this.id, number, SOUTH + this.row * BLOCK, WEST + this.column * BLOCK, this.heading);
    }

    private boolean isAtEdge() {
        return this.row == 0 || this.column == 0 || this.row == BLOCKS - 1 || this.column == BLOCKS - 1;
    }
}
