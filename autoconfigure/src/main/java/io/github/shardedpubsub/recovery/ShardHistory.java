package io.github.shardedpubsub.recovery;

import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.protocol.CommandArgs;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Publishes with a history: one script appends a message to the channel's stream and publishes it, so that nothing is published that is not
 * kept, and the order of both is one. It names one key, and not the channel: with two, a server refuses it ({@code TRYAGAIN}) while the
 * slot migrates.
 *
 * <p>Safe for use by any thread.
 */
public final class ShardHistory {

    private static final Log logger = LogFactory.getLog(ShardHistory.class);

    /** Up to this length a history is cut exactly, which costs more than leaving the rest of a node of the stream. */
    private static final int CUT_EXACTLY = 100;

    /** What publishes a message: KEYS[1] is the history's key; the rest is in its first lines. */
    private static final String SCRIPT = """
            local key, channel, payload, length, cut, expiry = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
            local random, ackEpoch, ack = ARGV[6], ARGV[7], ARGV[8]
            local function parts(id)
              local millis, sequence = string.match(id, '^(%d+)-(%d+)$')
              return tonumber(millis), tonumber(sequence)
            end
            local function less(a, b)
              local am, as = parts(a)
              local bm, bs = parts(b)
              return am < bm or am == bm and as < bs
            end
            local previousEpoch, previous = '-', '0-0'
            local last = redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)[1]
            if last then previousEpoch, previous = last[2][2], last[1] end
            local lostAfter = ''
            if ackEpoch == '' then
              -- nothing is known of what should be there
            elseif ackEpoch == previousEpoch then
              if ack ~= previous and less(previous, ack) then lostAfter = previous end
            else
              local same = redis.call('XRANGE', key, ack, ack)[1]
              if not same or same[2][2] ~= ackEpoch then
                local older = redis.call('XREVRANGE', key, '(' .. ack, '-', 'COUNT', 1)[1]
                if older then
                  lostAfter = older[1]
                else
                  local first = redis.call('XRANGE', key, '-', '+', 'COUNT', 1)[1]
                  local gone
                  if not first then
                    gone = redis.call('TIME')[1] * 1000
                  elseif first[2][6] and string.sub(first[2][6], 1, 5) == '- 0-0' then
                    gone = parts(first[1])
                  end
                  -- a history that is there anew before the old one's time
                  if gone and gone + 1000 < parts(ack) + expiry then lostAfter = '0-0' end
                end
              end
            end
            local node = string.sub(redis.call('CLUSTER', 'MYID'), 1, 8)
            local epoch, id, link = previousEpoch, nil, '= ' .. previous
            if lostAfter == '' and string.sub(epoch, 1, 8) == node then
              id = redis.call('XADD', key, 'MAXLEN', cut, length, '*', 'e', epoch, 'p', payload)
            else
              epoch = node .. random
              link = previousEpoch .. ' ' .. previous
              if lostAfter ~= '' then link = link .. ' ' .. ackEpoch .. ' ' .. lostAfter .. ' ' .. ack end
              id = redis.call('XADD', key, 'MAXLEN', cut, length, '*', 'e', epoch, 'p', payload, 'b', link)
            end
            redis.call('PEXPIRE', key, expiry)
            local line = '\\245SPSR1 ' .. epoch .. ' ' .. id .. ' ' .. link .. '\\n'
            return {redis.call('SPUBLISH', channel, line .. payload), epoch, id, lostAfter}
            """;

    private static final byte[] SCRIPT_BYTES = SCRIPT.getBytes(StandardCharsets.US_ASCII);

    private static final byte[] SHA = sha(SCRIPT_BYTES);

    private static final byte[] EXACTLY = {'='};

    private static final byte[] ABOUT = {'~'};

    private final RecoverySettings settings;

    private final AcknowledgedPositions acknowledged = new AcknowledgedPositions();

    private final RecoveryObservers observers = new RecoveryObservers();

    private final AtomicLong writesLost = new AtomicLong();

    /**
     * Creates it; it knows nothing yet of what was published before.
     */
    public ShardHistory(RecoverySettings settings) {
        this.settings = settings;
    }

    /**
     * Registers an observer for all that happens from now on.
     */
    public void addObserver(RecoveryObserver observer) {
        this.observers.add(observer);
    }

    /**
     * How often it was found that messages were lost which a server had acknowledged.
     */
    public long writesLost() {
        return this.writesLost.get();
    }

    private static byte[] sha(byte[] script) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-1").digest(script))
                    .getBytes(StandardCharsets.US_ASCII);
        } catch (NoSuchAlgorithmException ex) {
            throw new IllegalStateException("Every Java has SHA-1", ex);
        }
    }

    /**
     * How a message is published on a channel that has a history; null for one that has none.
     *
     * @throws ShardHistoryImpossibleException for a channel that should have one and cannot
     */
    public @Nullable HistoryWrite write(String channel) {
        if (!this.settings.matches(channel)) {
            return null;
        }
        byte[] name = channel.getBytes(StandardCharsets.UTF_8);
        return new HistoryWrite(channel, name, HistoryKey.of(name));
    }

    /** One message for a channel with a history. */
    public final class HistoryWrite {

        private static final int EPOCH = 0;

        private static final int ID = 1;

        private static final int LOST_AFTER = 2;

        private final String channel;

        private final byte[] channelName;

        private final byte[] key;

        /** The acknowledged one that the server was told of. */
        private @Nullable StreamPosition told;

        HistoryWrite(String channel, byte[] channelName, byte[] key) {
            this.channel = channel;
            this.channelName = channelName;
            this.key = key;
        }

        /**
         * The arguments of {@code EVAL} or {@code EVALSHA}. Its reply is {@linkplain #answered the number of receivers, and three texts}.
         *
         * @param whole for {@code EVAL}, which brings the script
         */
        public CommandArgs<byte[], byte[]> arguments(byte[] payload, boolean whole) {
            RecoverySettings settings = ShardHistory.this.settings;
            StreamPosition last = ShardHistory.this.acknowledged.of(this.channel);
            this.told = last;
            return new CommandArgs<>(ByteArrayCodec.INSTANCE)
                    .add(whole ? SCRIPT_BYTES : SHA)
                    .add(1)
                    .addKey(this.key)
                    .addValue(this.channelName)
                    .addValue(payload)
                    .add(settings.length())
                    .addValue(settings.length() <= CUT_EXACTLY ? EXACTLY : ABOUT)
                    .add(settings.expiry().toMillis())
                    .add(String.format("%08x", ThreadLocalRandom.current().nextInt()))
                    .add(last != null ? last.epoch() : "")
                    .add(last != null ? last.id() : "");
        }

        /**
         * How many replicas it has to be at before it is done with.
         */
        public int replicas() {
            return ShardHistory.this.settings.replicas();
        }

        /**
         * The arguments of {@code WAIT}.
         */
        public CommandArgs<byte[], byte[]> replication() {
            RecoverySettings settings = ShardHistory.this.settings;
            return new CommandArgs<>(ByteArrayCodec.INSTANCE)
                    .add(settings.replicas())
                    .add(settings.replicaTimeout().toMillis());
        }

        /**
         * The server has answered. On an event loop.
         *
         * @param texts those of the reply, in its order
         */
        public void answered(List<String> texts) {
            StreamPosition position = StreamPosition.of(texts.get(EPOCH), texts.get(ID));
            if (position == null) {
                logger.error("A history's script answered " + texts + ", which is no position");
                return;
            }
            ShardHistory.this.acknowledged.acknowledged(this.channel, position);
            StreamPosition told = this.told;
            if (told != null && !texts.get(LOST_AFTER).isEmpty()) {
                LostWrites lost = LostWrites.of(told.epoch(), texts.get(LOST_AFTER), told.id());
                if (lost != null) {
                    logger.warn(
                            "The shard channel '" + this.channel + "' has lost messages that were acknowledged, after "
                                    + lost.after().id() + " up to " + lost.upTo() + "; its listeners are told");
                    ShardHistory.this.writesLost.incrementAndGet();
                    ShardHistory.this.observers.writesLost(this.channel, lost);
                }
            }
        }
    }
}
