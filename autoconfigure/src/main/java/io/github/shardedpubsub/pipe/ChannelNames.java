package io.github.shardedpubsub.pipe;

import io.netty.buffer.ByteBuf;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * The names that are asked for on a connection, found by the bytes of a message where they lie in its buffer, so that a message
 * makes no new one. What is not in it is only found more slowly.
 *
 * <p>A hash table without chains: names are sought from their place on, up to the first that is free. Confined to the event loop of one
 * connection.
 */
final class ChannelNames {

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private static final int LEAST_CAPACITY = 16;

    /** Twice as many places as names at least. */
    private @Nullable ChannelName[] names = new ChannelName[LEAST_CAPACITY];

    /** Of the names at the same places, so that another name is nearly always known by it. */
    private int[] hashes = new int[LEAST_CAPACITY];

    private int size;

    int size() {
        return this.size;
    }

    /** How many places there are. */
    int capacity() {
        return this.names.length;
    }

    /** The name with these bytes of the buffer, null if it is not here. */
    @Nullable
    ChannelName find(ByteBuf buffer, int index, int length) {
        int hash = hash(buffer, index, length);
        int mask = this.names.length - 1;
        for (int place = hash & mask; ; place = (place + 1) & mask) {
            ChannelName name = this.names[place];
            if (name == null || this.hashes[place] == hash && equal(name.bytes(), buffer, index, length)) {
                return name;
            }
        }
    }

    void add(ChannelName name) {
        if (2 * (this.size + 1) > this.names.length) {
            resize(2 * this.names.length);
        }
        int hash = hash(name.bytes());
        int place = place(name, hash);
        if (this.names[place] == null) {
            this.names[place] = name;
            this.hashes[place] = hash;
            this.size++;
        }
    }

    void remove(ChannelName name) {
        int free = place(name, hash(name.bytes()));
        if (this.names[free] == null) {
            return;
        }
        this.size--;
        int mask = this.names.length - 1;
        // each that was put further on because its place was taken goes nearer to it, or it would not be found any more
        for (int place = (free + 1) & mask; this.names[place] != null; place = (place + 1) & mask) {
            int away = (place - this.hashes[place]) & mask;
            if (away >= ((place - free) & mask)) {
                this.names[free] = this.names[place];
                this.hashes[free] = this.hashes[place];
                free = place;
            }
        }
        this.names[free] = null;
        if (this.names.length > LEAST_CAPACITY && 8 * this.size < this.names.length) {
            resize(this.names.length / 2);
        }
    }

    /** Where it is, or would be. */
    private int place(ChannelName name, int hash) {
        int mask = this.names.length - 1;
        int place = hash & mask;
        while (this.names[place] != null && !name.equals(this.names[place])) {
            place = (place + 1) & mask;
        }
        return place;
    }

    private void resize(int capacity) {
        @Nullable ChannelName[] before = this.names;
        int[] hashesBefore = this.hashes;
        this.names = new ChannelName[capacity];
        this.hashes = new int[capacity];
        int mask = capacity - 1;
        for (int i = 0; i < before.length; i++) {
            if (before[i] != null) {
                int place = hashesBefore[i] & mask;
                while (this.names[place] != null) {
                    place = (place + 1) & mask;
                }
                this.names[place] = before[i];
                this.hashes[place] = hashesBefore[i];
            }
        }
    }

    private static int hash(ByteBuf buffer, int index, int length) {
        long hash = length;
        int at = index;
        for (int end = index + length - Long.BYTES; at <= end; at += Long.BYTES) {
            hash = mixed(hash, buffer.getLongLE(at));
        }
        for (int end = index + length; at < end; at++) {
            hash = mixed(hash, buffer.getByte(at));
        }
        return folded(hash);
    }

    private static int hash(byte[] bytes) {
        long hash = bytes.length;
        int at = 0;
        for (int end = bytes.length - Long.BYTES; at <= end; at += Long.BYTES) {
            hash = mixed(hash, (long) LONGS.get(bytes, at));
        }
        for (; at < bytes.length; at++) {
            hash = mixed(hash, bytes[at]);
        }
        return folded(hash);
    }

    private static long mixed(long hash, long more) {
        long mixed = (hash ^ more) * 0x9E3779B97F4A7C15L;
        return mixed ^ mixed >>> 32;
    }

    private static int folded(long hash) {
        return (int) (hash ^ hash >>> 17);
    }

    private static boolean equal(byte[] bytes, ByteBuf buffer, int index, int length) {
        if (bytes.length != length) {
            return false;
        }
        int at = 0;
        for (int end = length - Long.BYTES; at <= end; at += Long.BYTES) {
            if ((long) LONGS.get(bytes, at) != buffer.getLongLE(index + at)) {
                return false;
            }
        }
        for (; at < length; at++) {
            if (bytes[at] != buffer.getByte(index + at)) {
                return false;
            }
        }
        return true;
    }
}
