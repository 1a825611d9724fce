package io.github.shardedpubsub.pipe;

import org.jspecify.annotations.Nullable;

/** A place in the order of what was sent: filled once something is sent there, the last one always empty. */
final class SentPlace {

    private @Nullable FencedUnit unit;

    private @Nullable SentPlace next;

    SentPlace fill(@Nullable FencedUnit unit) {
        this.unit = unit;
        this.next = new SentPlace();
        return this.next;
    }

    @Nullable
    FencedUnit unit() {
        return this.unit;
    }

    boolean isForeign() {
        return this.next != null && this.unit == null;
    }

    SentPlace next() {
        if (this.next == null) {
            throw new IllegalStateException("Nothing was sent here");
        }
        return this.next;
    }

    @Override
    public String toString() {
        return this.next == null ? "nothing" : this.unit != null ? this.unit.toString() : "another command";
    }
}
