package io.github.shardedpubsub.benchmark.client;

import io.github.shardedpubsub.recovery.RecoverySettings;
import io.github.shardedpubsub.recovery.ShardHistory;
import io.lettuce.core.protocol.CommandArgs;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.util.List;

/** The command that publishes a message with recovery, as {@code ShardedPublisher} sends it, for plain sockets. */
public final class RecoverablePublish {

    /** All channels, with histories that no listener of a benchmark is ever behind. */
    static final RecoverySettings SETTINGS =
            RecoverySettings.DEFAULTS.withChannels(List.of("*")).withLength(100_000);

    private RecoverablePublish() {}

    /**
     * Publishes a message, which brings the script to the node and begins the channel's history, and returns the command for those that
     * follow.
     *
     * @param settings those of the history
     */
    public static byte[] begin(RawConnection connection, RecoverySettings settings, String channel, byte[] payload)
            throws IOException {
        ShardHistory.HistoryWrite write = new ShardHistory(settings).writeAnyway(channel);
        connection.write(command("EVAL", write.arguments(payload, true)));
        if (!(connection.read() instanceof List<?> answer)) {
            throw new IOException("The script was refused");
        }
        write.answered(answer.stream().skip(1).map(String::valueOf).toList());
        return command("EVALSHA", write.arguments(payload, false));
    }

    private static byte[] command(String name, CommandArgs<byte[], byte[]> arguments) {
        ByteBuf command = Unpooled.buffer();
        ByteBufUtil.writeAscii(
                command, "*" + (arguments.count() + 1) + "\r\n$" + name.length() + "\r\n" + name + "\r\n");
        arguments.encode(command);
        return ByteBufUtil.getBytes(command);
    }
}
