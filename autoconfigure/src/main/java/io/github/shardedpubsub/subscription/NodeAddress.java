package io.github.shardedpubsub.subscription;

/**
 * Where a node listens, as the cluster announces it.
 *
 * @param host a name or an IP address, without brackets
 * @param port 1..65535
 */
public record NodeAddress(String host, int port) implements Comparable<NodeAddress> {

    public NodeAddress {
        if (host.isEmpty()) {
            throw new IllegalArgumentException("A node needs a host");
        }
        if (port < 1 || port > 65535) {
            throw new IllegalArgumentException("A port is 1..65535, not " + port);
        }
    }

    @Override
    public int compareTo(NodeAddress other) {
        int byHost = this.host.compareTo(other.host);
        return byHost != 0 ? byHost : Integer.compare(this.port, other.port);
    }

    /**
     * {@code host:port}.
     */
    @Override
    public String toString() {
        return this.host + ":" + this.port;
    }
}
