package io.github.shardedpubsub.test;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What servers differ in that concerns shard channels: all of it is here, and nothing else asks for a version.
 *
 * <p>Seen on Redis 7.0.15 and 8.0.6, Valkey 8.1.1 and 9.1.2; which version between those was the first to have a trait is not
 * known for sure. {@code ServerFactsTests} holds each of them down on whatever server the tests are run with.
 *
 * @see RedisCluster#has(ServerTrait)
 */
public enum ServerTrait {

    /**
     * A subscription made early at the importing node, by {@code ASKING}, is ended with a {@code sunsubscribe} when the slot becomes that node's.
     * Elsewhere it stays and becomes an ordinary one.
     */
    ENDS_EARLY_SUBSCRIPTIONS_AT_THE_CUT_OVER("7.2", "7.2"),

    /**
     * A replica that is promoted ends the subscriptions made while it was one with a {@code sunsubscribe}. Elsewhere they stay.
     */
    ENDS_SUBSCRIPTIONS_AT_THE_PROMOTED_REPLICA("8.0", "8.0"),

    /**
     * A replica that is given another master ends its subscriptions with a {@code sunsubscribe}. Elsewhere nobody is told, and they are silently
     * dead.
     */
    ENDS_SUBSCRIPTIONS_OF_A_REPARENTED_REPLICA("8.0", "8.0"),

    /**
     * A replica that is reset ends its subscriptions with a {@code sunsubscribe}. Elsewhere nobody is told, and they are silently dead.
     */
    ENDS_SUBSCRIPTIONS_AT_A_RESET("8.0", "8.0"),

    /**
     * {@code SUNSUBSCRIBE} is redirected as other commands are: {@code -ASK} while the slot migrates away, {@code -MOVED} at a replica, and the
     * subscription stays. Elsewhere it succeeds wherever the slot is served.
     */
    REDIRECTS_UNSUBSCRIBING("7.4", null),

    /**
     * A shard has a name ({@code CLUSTER MYSHARDID}), which a promoted replica takes over. So a master that keeps a slot when its replica takes the
     * others is of one shard with it, and each passes on to the other what is published. Elsewhere a shard is one master and its replicas.
     */
    NAMES_SHARDS("7.2", "7.2"),

    /**
     * Whole ranges of slots are moved at one stroke, by {@code CLUSTER MIGRATESLOTS}.
     */
    MIGRATES_SLOTS_ATOMICALLY(null, "9.0");

    private static final Pattern VERSION = Pattern.compile("(\\w+) (\\d+)\\.(\\d+).*");

    private final @Nullable String sinceRedis;
    private final @Nullable String sinceValkey;

    ServerTrait(@Nullable String sinceRedis, @Nullable String sinceValkey) {
        this.sinceRedis = sinceRedis;
        this.sinceValkey = sinceValkey;
    }

    /**
     * Whether a server has the trait.
     *
     * @param server its name and version, such as {@code Redis 7.0.15}
     */
    boolean isOf(String server) {
        Matcher version = VERSION.matcher(server);
        if (!version.matches()) {
            throw new IllegalArgumentException("Not the name and version of a server: '" + server + "'.");
        }
        String since = version.group(1).equals("Valkey") ? sinceValkey : sinceRedis;
        if (since == null) {
            return false;
        }
        String[] first = since.split("\\.", -1);
        int major = Integer.compare(Integer.parseInt(version.group(2)), Integer.parseInt(first[0]));
        return major > 0 || major == 0 && Integer.parseInt(version.group(3)) >= Integer.parseInt(first[1]);
    }
}
