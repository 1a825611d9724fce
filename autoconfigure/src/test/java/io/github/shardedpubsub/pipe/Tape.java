package io.github.shardedpubsub.pipe;

import java.util.Iterator;
import java.util.List;

/** Numbers that decide, one after another, what happens in a test; an empty tape decides 0, which is always the dullest. */
final class Tape {

    private final Iterator<Integer> numbers;

    Tape(List<Integer> numbers) {
        this.numbers = numbers.iterator();
    }

    boolean isAtEnd() {
        return !this.numbers.hasNext();
    }

    /** From 0 to one less than {@code bound}. */
    int next(int bound) {
        return this.numbers.hasNext() ? this.numbers.next() % bound : 0;
    }

    <T> T oneOf(List<T> choices) {
        return choices.get(next(choices.size()));
    }
}
