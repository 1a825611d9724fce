package io.github.shardedpubsub.autoconfigure;

/**
 * The application's Redis connection is one that sharded pub/sub does not work with.
 */
public class UnsupportedRedisException extends IllegalStateException {

    private static final long serialVersionUID = 1L;

    private final Requirement requirement;

    /**
     * What sharded pub/sub needs, in the order in which it is looked at.
     */
    public enum Requirement {

        /** Lettuce as the client. */
        LETTUCE,

        /** A connection to a cluster, and nodes that are of one. */
        CLUSTER,

        /** The third version of the protocol. */
        RESP3,

        /** Servers that know the commands: Redis from 7.0 on, or Valkey. */
        SERVER
    }

    UnsupportedRedisException(Requirement requirement, String seen) {
        super(seen);
        this.requirement = requirement;
    }

    /**
     * What is not met.
     */
    public Requirement getRequirement() {
        return this.requirement;
    }
}
