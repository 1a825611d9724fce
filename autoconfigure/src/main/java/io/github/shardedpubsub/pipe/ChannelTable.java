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

    private static final VarHandle CHANNEL = MethodHandles.arrayElementVarHandle(Object[].class);

    private static final int LEAST_PLACES = 16;

    private volatile Places places = new Places(LEAST_PLACES);

    /** Guarded by the monitor. */
    private int size;

    /** Where a channel is, or was. */
    private int taken;

    /** In place of a channel. */
    private static final Object REMOVED = new Object();

    /**
     * A place belongs to one name for ever, which is written before the first channel. Neither to see that a place is another name's nor to
     * compare names takes a look into a channel: with many of them, each look waits for memory.
     */
    private static final class Places {

        private final @Nullable Object[] channels;

        private final byte[][] names;

        /** Of the names. */
        private final int[] hashes;

        Places(int length) {
            this.channels = new Object[length];
            this.names = new byte[length][];
            this.hashes = new int[length];
        }

        int mask() {
            return this.channels.length - 1;
        }

        @Nullable
        Object channel(int place) {
            return CHANNEL.getAcquire(this.channels, place);
        }

        void set(int place, Object channel) {
            CHANNEL.setRelease(this.channels, place, channel);
        }

        void take(int place, PipeChannel channel, int hash) {
            this.names[place] = channel.name().bytes();
            this.hashes[place] = hash;
            set(place, channel);
        }

        /** Where the channel with that name is, or the first place that never had one. */
        int find(byte[] bytes, int index, int length, int hash) {
            int mask = mask();
            for (int place = hash & mask; ; place = (place + 1) & mask) {
                Object channel = channel(place);
                if (channel == null
                        || this.hashes[place] == hash
                                && channel != REMOVED
                                && Arrays.equals(
                                        this.names[place], 0, this.names[place].length, bytes, index, index + length)) {
                    return place;
                }
            }
        }
    }

    /** The channel of that name. */
    public @Nullable C get(ChannelName name) {
        return find(name.bytes(), 0, name.bytes().length);
    }

    /** The channel whose name these bytes are. */
    @Nullable
    C find(byte[] bytes, int index, int length) {
        Places places = this.places;
        return channel(places.channel(places.find(bytes, index, length, hash(bytes, index, length))));
    }

    private int place(ChannelName name, int hash) {
        return this.places.find(name.bytes(), 0, name.bytes().length, hash);
    }

    /** Adds a channel, in place of one of the same name. */
    public synchronized void put(C channel) {
        if (5L * (this.taken + 1) > 4L * this.places.channels.length) {
            rebuild();
        }
        int hash = hash(channel.name());
        int place = place(channel.name(), hash);
        if (this.places.channel(place) != null) {
            this.places.set(place, channel);
            return;
        }
        this.places.take(place, channel, hash);
        this.size++;
        this.taken++;
    }

    /** Removes a channel, if it is there, and not another one of its name. */
    public synchronized void remove(C channel) {
        int place = place(channel.name(), hash(channel.name()));
        if (this.places.channel(place) != channel) {
            return;
        }
        this.places.set(place, REMOVED);
        this.size--;
        if (this.places.channels.length > LEAST_PLACES && 8 * this.size < this.places.channels.length) {
            rebuild();
        }
    }

    /** So that at most seven tenths are taken: a part of what may be stays for what comes and goes. */
    private void rebuild() {
        int length = LEAST_PLACES;
        while (10L * (this.size + 1) > 7L * length) {
            length *= 2;
        }
        Places before = this.places;
        Places rebuilt = new Places(length);
        for (int i = 0; i < before.channels.length; i++) {
            if (before.channels[i] instanceof PipeChannel channel) {
                int place = before.hashes[i] & rebuilt.mask();
                while (rebuilt.channels[place] != null) {
                    place = (place + 1) & rebuilt.mask();
                }
                rebuilt.take(place, channel, before.hashes[i]);
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
    private @Nullable C channel(@Nullable Object channel) {
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
}
