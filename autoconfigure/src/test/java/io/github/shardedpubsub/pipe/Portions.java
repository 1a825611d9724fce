package io.github.shardedpubsub.pipe;

import java.util.function.Consumer;

/** A stream handed on in portions: what is received waits until it is split off, or until the receiver does something. */
final class Portions {

    /** Where a stream is split: behind so many bytes. */
    interface Splits {

        boolean at(int position);
    }

    private final Splits splits;

    private final Consumer<String> receiver;

    private final StringBuilder portion = new StringBuilder();

    private int position;

    Portions(Splits splits, Consumer<String> receiver) {
        this.splits = splits;
        this.receiver = receiver;
    }

    void receive(String frame) {
        for (char one : frame.toCharArray()) {
            this.portion.append(one);
            if (this.splits.at(++this.position)) {
                flush();
            }
        }
    }

    void flush() {
        if (this.portion.length() > 0) {
            this.receiver.accept(this.portion.toString());
            this.portion.setLength(0);
        }
    }
}
