package io.github.shardedpubsub.subscription;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * Things in the order in which they were added, each of which can be taken out at once and is in one such chain at most. So they are
 * its links themselves: the entries of a set would take as much of the heap as all else about a channel, and time to be found.
 *
 * <p>Not safe for use by several threads.
 */
final class Chain<L extends Chain.Link<L>> implements Iterable<L> {

    /** What can be in a chain. */
    abstract static class Link<L> {

        private @Nullable L before;

        private @Nullable L after;
    }

    private @Nullable L first;

    private @Nullable L last;

    private int size;

    /** It is in no chain. */
    void add(L link) {
        Link<L> added = link;
        L before = this.last;
        added.before = before;
        if (before == null) {
            this.first = link;
        } else {
            ((Link<L>) before).after = link;
        }
        this.last = link;
        this.size++;
    }

    /** It is in this chain. */
    void remove(L link) {
        Link<L> removed = link;
        L before = removed.before;
        L after = removed.after;
        if (before == null) {
            this.first = after;
        } else {
            ((Link<L>) before).after = after;
        }
        if (after == null) {
            this.last = before;
        } else {
            ((Link<L>) after).before = before;
        }
        removed.before = null;
        removed.after = null;
        this.size--;
    }

    boolean isEmpty() {
        return this.size == 0;
    }

    /** As it is now, to be gone through while it changes. */
    List<L> copy() {
        List<L> copy = new ArrayList<>(this.size);
        forEach(copy::add);
        return copy;
    }

    @Override
    public Iterator<L> iterator() {
        return new Iterator<>() {

            private @Nullable L next = Chain.this.first;

            @Override
            public boolean hasNext() {
                return this.next != null;
            }

            @Override
            public L next() {
                L link = this.next;
                if (link == null) {
                    throw new NoSuchElementException();
                }
                this.next = ((Link<L>) link).after;
                return link;
            }
        };
    }
}
