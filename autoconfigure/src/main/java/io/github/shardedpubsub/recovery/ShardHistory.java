package io.github.shardedpubsub.recovery;

import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.protocol.CommandArgs;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
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

    /** A history's expiry is set anew after this part of it, or more often: most messages need not. */
    private static final int RENEWALS = 20;

    /** Of the milliseconds in an id, from 2001 to 2286. */
    private static final int DIGITS = 13;

    /**
     * What publishes a message; KEYS[1] is the history's key. What is the same for all messages is written into it, since each argument
     * costs a server as much as a small step of the script does, as each number does that is no text.
     */
    private static final String SCRIPT = """
            local key, channel, payload, ackEpoch, ack = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]
            local call, sub, match = redis.call, string.sub, string.match
            local previousEpoch, previous = '-', '0-0'
            local last = call('XREVRANGE', key, '+', '-', 'COUNT', '1')[1]
            if last then previousEpoch, previous = last[2][1], last[1] end
            local lostAfter
            if ackEpoch == '' then
              -- nothing is known of what should be there
            elseif ackEpoch == previousEpoch then
              if ack ~= previous and tonumber(match(ack, '%d+')) >= tonumber(match(previous, '%d+')) then
                local ackMillis, ackSequence = match(ack, '(%d+)-(%d+)')
                local millis, sequence = match(previous, '(%d+)-(%d+)')
                if millis ~= ackMillis or tonumber(sequence) < tonumber(ackSequence) then lostAfter = previous end
              end
            else
              local same = call('XRANGE', key, ack, ack)[1]
              if not same or same[2][1] ~= ackEpoch then
                local older = call('XREVRANGE', key, '(' .. ack, '-', 'COUNT', '1')[1]
                local told
                if older then
                  lostAfter = older[1]
                  told = call('XRANGE', key, '(' .. lostAfter, '+', 'COUNT', '1')[1]
                else
                  local first = call('XRANGE', key, '-', '+', 'COUNT', '1')[1]
                  local gone
                  if not first then
                    gone = call('TIME')[1] * 1000
                  elseif first[2][4] and sub(first[2][4], 1, 5) == '- 0-0' then
                    gone = tonumber(match(first[1], '%d+'))
                  end
                  -- a history that is there anew before the old one's time
                  if gone and gone + 1000 < tonumber(match(ack, '%d+')) + @expiry then lostAfter = '0-0' end
                  told = first
                end
                -- by another message that was sent before its publisher knew
                if lostAfter and told and told[2][4] then
                  local tail = ' ' .. ackEpoch .. ' ' .. lostAfter .. ' ' .. ack
                  if sub(told[2][4], -#tail) == tail then lostAfter = nil end
                end
              end
            end
            local node = sub(call('CLUSTER', 'MYID'), 1, 8)
            local epoch, id, link = previousEpoch, nil, '= ' .. previous
            if not lostAfter and sub(epoch, 1, 8) == node then
              id = call('XADD', key, 'MAXLEN', '@cut', '@length', '*', epoch, payload)
              -- not with each message, but with the first one of a new time, told by the first digits of the ids
              if sub(id, 1, @digits) ~= sub(previous, 1, @digits) then call('PEXPIRE', key, '@kept') end
            else
              local now = call('TIME')
              epoch = node .. string.format('%08x', (now[1] * 1000000 + now[2]) % 4294967296)
              link = previousEpoch .. ' ' .. previous
              if lostAfter then link = link .. ' ' .. ackEpoch .. ' ' .. lostAfter .. ' ' .. ack end
              id = call('XADD', key, 'MAXLEN', '@cut', '@length', '*', epoch, payload, 'b', link)
              -- ids go on where they were, also with a clock that is behind, and what is told by them does
              local ahead = tonumber(match(id, '%d+')) - now[1] * 1000 - math.floor(now[2] / 1000)
              call('PEXPIRE', key, string.format('%d', @kept + math.max(0, ahead)))
            end
            local place = epoch .. ' ' .. id
            return {call('SPUBLISH', channel, '@envelope ' .. place .. ' ' .. link .. '\\n' .. payload), place, lostAfter}
            """;

    private final RecoverySettings settings;

    private final byte[] script;

    private final byte[] sha;

    private final AcknowledgedPositions acknowledged = new AcknowledgedPositions();

    private final RecoveryObservers observers = new RecoveryObservers();

    private final AtomicLong writesLost = new AtomicLong();

    /**
     * Creates it; it knows nothing yet of what was published before.
     */
    public ShardHistory(RecoverySettings settings) {
        this(settings, EnvelopeForm.BINARY);
    }

    /**
     * Creates it; it knows nothing yet of what was published before.
     *
     * @param form how a message looks to those who subscribe to its channel by other means
     */
    public ShardHistory(RecoverySettings settings, EnvelopeForm form) {
        this.settings = settings;
        this.script = script(settings, form).getBytes(StandardCharsets.US_ASCII);
        this.sha = sha(this.script);
    }

    private static String script(RecoverySettings settings, EnvelopeForm form) {
        long expiry = settings.expiry().toMillis();
        int digits = DIGITS;
        long renewal = 1;
        for (; renewal * 10 <= expiry / RENEWALS; renewal *= 10) {
            digits--;
        }
        return SCRIPT.replace("@envelope", form == EnvelopeForm.TEXT ? "SPSR1" : "\\245SPSR1")
                .replace("@cut", settings.length() <= CUT_EXACTLY ? "=" : "~")
                .replace("@length", Integer.toString(settings.length()))
                .replace("@digits", Integer.toString(digits))
                .replace("@expiry", Long.toString(expiry))
                .replace("@kept", Long.toString(expiry + renewal));
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

    /** The last place that a server has acknowledged to this publisher; null if none is known. */
    @Nullable
    StreamPosition lastAcknowledged(String channel) {
        return this.acknowledged.of(channel);
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
        return this.settings.matches(channel) ? writeAnyway(channel) : null;
    }

    /**
     * How a message is published that is to be kept in its channel's history, whatever the names of channels with recovery say.
     *
     * @throws ShardHistoryImpossibleException for a channel that can have none
     */
    public HistoryWrite writeAnyway(String channel) {
        byte[] name = channel.getBytes(StandardCharsets.UTF_8);
        return new HistoryWrite(channel, name, HistoryKey.of(name));
    }

    /** One message for a channel with a history. */
    public final class HistoryWrite {

        private static final int PLACE = 0;

        private static final int LOST_AFTER = 1;

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
         * The arguments of {@code EVAL} or {@code EVALSHA}. Its reply is {@linkplain #answered the number of receivers, and texts}.
         *
         * @param whole for {@code EVAL}, which brings the script
         */
        public CommandArgs<byte[], byte[]> arguments(byte[] payload, boolean whole) {
            StreamPosition last = ShardHistory.this.acknowledged.of(this.channel);
            this.told = last;
            return new CommandArgs<>(ByteArrayCodec.INSTANCE)
                    .add(whole ? ShardHistory.this.script : ShardHistory.this.sha)
                    .add(1)
                    .addKey(this.key)
                    .addValue(this.channelName)
                    .addValue(payload)
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
         * @param texts those of the reply: the epoch and the id, and, where writes are lost, the id after which they are
         */
        public void answered(List<String> texts) {
            StreamPosition position = texts.isEmpty() ? null : StreamPosition.answered(texts.get(PLACE));
            if (position == null) {
                logger.error("A history's script answered " + texts + ", which is no position");
                return;
            }
            ShardHistory.this.acknowledged.acknowledged(this.channel, position);
            StreamPosition told = this.told;
            if (told != null && texts.size() > LOST_AFTER) {
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
