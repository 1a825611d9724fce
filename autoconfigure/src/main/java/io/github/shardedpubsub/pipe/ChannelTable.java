package io.github.shardedpubsub.pipe;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * Channels by their names, and by the bytes of a name where they lie among others. Read by any thread without waiting; changed under its
 * own monitor. Reading sees what was there throughout, and may or may not see what is added or removed meanwhile.
 *
 * <p>A hash table without chains: a name is sought from its place on, up to the first that never had a channel. What is removed leaves a
 * mark, so that nothing ever goes to another place; with too many marks, or too little room, all go to new arrays.
 */
public final class ChannelTable<C extends PipeChannel> implements Iterable<C> {

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private static final VarHandle ENTRY = MethodHandles.arrayElementVarHandle(PipeChannel[].class);

    private static final int LEAST_PLACES = 16;

    private volatile Places places = new Places(LEAST_PLACES);

    /** Guarded by the monitor. */
    private int size;

    /** Where a channel is, or was. */
    private int taken;

    private static final class Removed implements PipeChannel {

        @Override
        public ChannelName name() {
            throw new IllegalStateException("It is a mark");
        }
    }

    private static final Removed REMOVED = new Removed();

    /** The hash of a name, written before its channel, tells nearly always whether it is another one. */
    private static final class Places {

        private final @Nullable PipeChannel[] channels;

        private final int[] hashes;

        Places(int length) {
            this.channels = new PipeChannel[length];
            this.hashes = new int[length];
        }

        int mask() {
            return this.channels.length - 1;
        }

        @Nullable
        PipeChannel channel(int place) {
            return (PipeChannel) ENTRY.getAcquire(this.channels, place);
        }

        void set(int place, PipeChannel channel, int hash) {
            this.hashes[place] = hash;
            ENTRY.setRelease(this.channels, place, channel);
        }

        /** Where there is no such name: the first place that never had a channel. */
        int find(ChannelName name, int hash) {
            for (int place = hash & mask(); ; place = (place + 1) & mask()) {
                PipeChannel channel = channel(place);
                if (channel == null
                        || this.hashes[place] == hash
                                && channel != REMOVED
                                && channel.name().equals(name)) {
                    return place;
                }
            }
        }
    }

    /** The channel of that name. */
    public @Nullable C get(ChannelName name) {
        Places places = this.places;
        return channel(places.channel(places.find(name, hash(name))));
    }

    /** The channel whose name these bytes are. */
    @Nullable
    C find(byte[] bytes, int index, int length) {
        Places places = this.places;
        int hash = hash(bytes, index, length);
        int mask = places.mask();
        for (int place = hash & mask; ; place = (place + 1) & mask) {
            PipeChannel channel = places.channel(place);
            if (channel == null) {
                return null;
            }
            if (places.hashes[place] == hash
                    && channel != REMOVED
                    && equal(channel.name().bytes(), bytes, index, length)) {
                return channel(channel);
            }
        }
    }

    /** Adds a channel, in place of one of the same name. */
    public synchronized void put(C channel) {
        if (3 * (this.taken + 1) > 2 * this.places.channels.length) {
            rebuild();
        }
        int hash = hash(channel.name());
        int place = this.places.find(channel.name(), hash);
        if (this.places.channel(place) == null) {
            this.size++;
            this.taken++;
        }
        this.places.set(place, channel, hash);
    }

    /** Removes a channel, if it is there, and not another one of its name. */
    public synchronized void remove(C channel) {
        int hash = hash(channel.name());
        int place = this.places.find(channel.name(), hash);
        if (this.places.channel(place) != channel) {
            return;
        }
        this.places.set(place, REMOVED, hash);
        this.size--;
        if (this.places.channels.length > LEAST_PLACES && 8 * this.size < this.places.channels.length) {
            rebuild();
        }
    }

    /** For a third to two thirds of it to be taken with the next channels. */
    private void rebuild() {
        int length = LEAST_PLACES;
        while (3 * (this.size + 1) > length + length / 2) {
            length *= 2;
        }
        Places before = this.places;
        Places rebuilt = new Places(length);
        for (int i = 0; i < before.channels.length; i++) {
            PipeChannel channel = before.channels[i];
            if (channel != null && channel != REMOVED) {
                int place = before.hashes[i] & rebuilt.mask();
                while (rebuilt.channels[place] != null) {
                    place = (place + 1) & rebuilt.mask();
                }
                rebuilt.set(place, channel, before.hashes[i]);
            }
        }
        this.places = rebuilt;
        this.taken = this.size;
    }

    /** How many channels there are. */
    public synchronized int size() {
        return this.size;
    }

    /** How many places there are. */
    int capacity() {
        return this.places.channels.length;
    }

    /** In no order. */
    @Override
    public Iterator<C> iterator() {
        Places places = this.places;
        return new Iterator<>() {

            private int place;

            private @Nullable C next = find();

            private @Nullable C find() {
                while (this.place < places.channels.length) {
                    C channel = channel(places.channel(this.place++));
                    if (channel != null) {
                        return channel;
                    }
                }
                return null;
            }

            @Override
            public boolean hasNext() {
                return this.next != null;
            }

            @Override
            public C next() {
                C channel = this.next;
                if (channel == null) {
                    throw new NoSuchElementException();
                }
                this.next = find();
                return channel;
            }
        };
    }

    /** Only what was put here is here. */
    @SuppressWarnings("unchecked")
    private @Nullable C channel(@Nullable PipeChannel channel) {
        return channel == REMOVED ? null : (C) channel;
    }

    private static int hash(ChannelName name) {
        return hash(name.bytes(), 0, name.bytes().length);
    }

    private static int hash(byte[] bytes, int index, int length) {
        long hash = length;
        int at = index;
        int end = index + length;
        for (; at <= end - Long.BYTES; at += Long.BYTES) {
            hash = mixed(hash, (long) LONGS.get(bytes, at));
        }
        for (; at < end; at++) {
            hash = mixed(hash, bytes[at]);
        }
        return (int) (hash ^ hash >>> 17);
    }

    private static long mixed(long hash, long more) {
        long mixed = (hash ^ more) * 0x9E3779B97F4A7C15L;
        return mixed ^ mixed >>> 32;
    }

    private static boolean equal(byte[] name, byte[] bytes, int index, int length) {
        return Arrays.equals(name, 0, name.length, bytes, index, index + length);
    }
}
