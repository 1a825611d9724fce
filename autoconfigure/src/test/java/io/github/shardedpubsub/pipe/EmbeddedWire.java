package io.github.shardedpubsub.pipe;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;

/** The bytes that go to and come from a channel without a network. */
final class EmbeddedWire {

    /** One byte a character, both ways. */
    private static final Charset WIRE = StandardCharsets.ISO_8859_1;

    /** Counts every byte exactly, where a leak detector depends on the garbage collector. */
    private final UnpooledByteBufAllocator allocator = new UnpooledByteBufAllocator(false, true);

    /** Has the channel take all its buffers from here. */
    void carry(EmbeddedChannel channel) {
        channel.config().setAllocator(this.allocator);
    }

    void receive(EmbeddedChannel channel, String bytes) {
        ByteBuf buffer = this.allocator.buffer(bytes.length());
        buffer.writeBytes(bytes.getBytes(WIRE));
        channel.writeInbound(buffer);
        channel.runPendingTasks();
        if (buffer.refCnt() != 0) {
            throw new AssertionError("a buffer that was read is not released");
        }
    }

    String written(EmbeddedChannel channel) {
        StringBuilder all = new StringBuilder();
        for (ByteBuf buffer = channel.readOutbound(); buffer != null; buffer = channel.readOutbound()) {
            all.append(buffer.toString(WIRE));
            buffer.release();
        }
        return all.toString();
    }

    /** Closes the channel and says how many bytes are still held by somebody. */
    long leakedAfterClose(EmbeddedChannel channel) {
        channel.finishAndReleaseAll();
        return this.allocator.metric().usedHeapMemory()
                + this.allocator.metric().usedDirectMemory();
    }
}
