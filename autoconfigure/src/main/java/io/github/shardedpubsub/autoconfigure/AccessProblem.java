package io.github.shardedpubsub.autoconfigure;

import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Pattern;

/** What keeps a connection from being let in, by what is said then, and what to do about it. */
enum AccessProblem {

    /** Of the server's error codes. */
    CREDENTIALS(
            "WRONGPASS|NOAUTH",
            "The servers do not accept the user and password: see that 'spring.data.redis.username' and"
                    + " 'spring.data.redis.password', or what your credentials provider says, are those of a user that is 'on' at"
                    + " every node (ACL GETUSER). The user 'default' is meant where no name is given."),

    /** Of the JDK. */
    UNTRUSTED(
            "certification path|trustAnchors|No subject alternative|No name matching",
            "The certificate that the servers show is not trusted, or not theirs by name: the truststore of the SSL bundle that"
                    + " 'spring.data.redis.ssl.bundle' names has to contain it or who has signed it, and it has to name the hosts as the"
                    + " nodes announce themselves (CLUSTER NODES)."),

    /** A server that speaks no TLS waits for the rest of what it takes for a command, until the handshake has had its time. */
    PLAIN_SERVER(
            "not an SSL/TLS record|SSLEngine closed already|handshake timed out|has not answered yet",
            "If the connection is by TLS, the servers may speak none at these ports: name their TLS ports in 'spring.data.redis.cluster.nodes', or remove"
                    + " 'spring.data.redis.ssl.bundle' and 'spring.data.redis.ssl.enabled'."),

    /** A server that wants TLS, or a certificate, closes the connection and gives no reason that could be read. */
    REFUSED_SECURITY(
            "(?i:closed|reset|broken pipe|certificate_required|bad_certificate|handshake)",
            "The servers close the connection. If they want TLS, set 'spring.data.redis.ssl.bundle' or"
                    + " 'spring.data.redis.ssl.enabled=true'; if they want a certificate of the client, the SSL bundle needs a keystore with"
                    + " one that they trust.");

    private final Pattern said;

    private final String action;

    AccessProblem(String said, String action) {
        // not in the name of a channel, which may be anything
        this.said = Pattern.compile("last error: [^;]*(?:" + said + ")");
        this.action = action;
    }

    /** The one that a failure's message speaks of, most certain first. */
    static Optional<AccessProblem> of(String message) {
        return Arrays.stream(values())
                .filter(problem -> problem.said.matcher(message).find())
                .findFirst();
    }

    String action() {
        return this.action;
    }
}
