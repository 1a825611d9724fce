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

    /**
     * Reads {@code host:port}, as {@link #toString()} writes it.
     *
     * @throws IllegalArgumentException if it is no such address
     */
    public static NodeAddress parse(String address) {
        // the last colon: an IPv6 address has no brackets here
        int colon = address.lastIndexOf(':');
        try {
            return new NodeAddress(
                    address.substring(0, Math.max(0, colon)), Integer.parseInt(address.substring(colon + 1)));
        } catch (IllegalArgumentException ex) {
            throw new IllegalArgumentException("A node is named as host:port, not '" + address + "'", ex);
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
