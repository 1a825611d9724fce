package io.github.shardedpubsub.subscription;

import org.jspecify.annotations.Nullable;

/**
 * Where a {@code MOVED} or {@code ASK} error points.
 *
 * @param slot 0..16383
 * @param target the node that serves the slot, as the answering node believes
 */
public record Redirect(int slot, NodeAddress target) {

    /**
     * Reads {@code MOVED 5798 127.0.0.1:7001}. A server that does not know its announced name leaves the host empty and means
     * itself (Redis 7.0 and later, {@code cluster-preferred-endpoint-type unknown-endpoint}).
     *
     * @return null if it is no redirect that can be followed
     */
    public static @Nullable Redirect parse(String error, NodeAddress answering) {
        return parse("MOVED", error, answering);
    }

    /**
     * Reads {@code ASK 5798 127.0.0.1:7001}, as {@link #parse} does: this once, and after {@code ASKING}.
     *
     * @return null if it is no redirect that can be followed
     */
    public static @Nullable Redirect parseAsk(String error, NodeAddress answering) {
        return parse("ASK", error, answering);
    }

    private static @Nullable Redirect parse(String code, String error, NodeAddress answering) {
        String[] words = error.split(" ", -1);
        if (words.length < 3 || !words[0].equals(code)) {
            return null;
        }
        // the last colon: an IPv6 address is announced without brackets
        int colon = words[2].lastIndexOf(':');
        if (colon < 0) {
            return null;
        }
        String host = words[2].substring(0, colon);
        try {
            int slot = Integer.parseInt(words[1]);
            int port = Integer.parseInt(words[2].substring(colon + 1));
            return new Redirect(slot, new NodeAddress(host.isEmpty() ? answering.host() : host, port));
        } catch (IllegalArgumentException notAnAddress) {
            return null;
        }
    }
}
