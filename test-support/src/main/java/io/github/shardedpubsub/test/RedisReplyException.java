package io.github.shardedpubsub.test;

/**
 * A server answered a command with an error.
 */
public final class RedisReplyException extends RedisClusterException {

    private static final long serialVersionUID = 1L;

    private final String error;

    RedisReplyException(String address, String command, String error) {
        super("The server at " + address + " refused '" + command + "': " + error);
        this.error = error;
    }

    /**
     * The server's own words, without the leading minus sign, such as {@code MOVED 866 127.0.0.1:7001}.
     */
    public String error() {
        return error;
    }
}
