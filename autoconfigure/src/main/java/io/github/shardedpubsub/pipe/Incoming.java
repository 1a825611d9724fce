package io.github.shardedpubsub.pipe;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;

/**
 * What has come over a connection and is not dealt with yet. In an array, where bytes are looked at and copied with the least ado.
 * Confined to the connection's event loop.
 */
final class Incoming {

    private static final int LEAST_CAPACITY = 1 << 16;

    /** What ordinary reads need is not given up again and again. */
    private static final int KEPT_CAPACITY = 4 * LEAST_CAPACITY;

    /** From {@link #begin()} to {@link #end()} they count. It can be another one after more has come, or after {@link #compact()}. */
    private byte[] bytes = {};

    private int begin;

    private int end;

    byte[] bytes() {
        return this.bytes;
    }

    int begin() {
        return this.begin;
    }

    int end() {
        return this.end;
    }

    boolean isEmpty() {
        return this.begin == this.end;
    }

    /** Dealt with up to there. */
    void begin(int begin) {
        this.begin = begin;
    }

    /** Adds what can be read of a buffer. */
    void add(ByteBuf more) {
        int length = more.readableBytes();
        if (this.bytes.length - this.end < length) {
            int needed = Math.addExact(this.end - this.begin, length);
            int capacity =
                    Math.max(LEAST_CAPACITY, Math.max(needed, (int) Math.min(2L * needed, WholeFrames.MOST_BYTES)));
            move(capacity);
        }
        more.readBytes(this.bytes, this.end, length);
        this.end += length;
    }

    /** What is left begins with the array, and one that was needed for a large frame is given up. */
    void compact() {
        int left = this.end - this.begin;
        if (this.bytes.length > KEPT_CAPACITY && left <= LEAST_CAPACITY / 2) {
            move(LEAST_CAPACITY);
        } else if (this.begin > 0) {
            System.arraycopy(this.bytes, this.begin, this.bytes, 0, left);
            this.begin = 0;
            this.end = left;
        }
    }

    private void move(int capacity) {
        int left = this.end - this.begin;
        byte[] moved = new byte[capacity];
        System.arraycopy(this.bytes, this.begin, moved, 0, left);
        this.bytes = moved;
        this.begin = 0;
        this.end = left;
    }

    void clear() {
        this.begin = 0;
        this.end = 0;
    }

    byte[] copy(int from, int length) {
        return Arrays.copyOfRange(this.bytes, from, from + length);
    }
}
