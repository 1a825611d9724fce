package io.github.shardedpubsub.test;

import javax.net.SocketFactory;
import org.jspecify.annotations.Nullable;

/**
 * How the servers of a cluster are entered.
 *
 * @param password of the user {@code default}, or an empty text
 * @param identity of the servers where they speak TLS, and nothing else then
 * @param sockets what connects to them
 */
record ServerAccess(String password, @Nullable TlsIdentity identity, SocketFactory sockets) {

    static ServerAccess of(String password, @Nullable TlsIdentity identity) {
        return new ServerAccess(
                password, identity, identity == null ? SocketFactory.getDefault() : identity.socketFactory());
    }

    /** The setting that gives a server its port, with nothing listening for what they do not speak. */
    String portSetting(int port) {
        return identity == null ? "port " + port : "port 0\ntls-port " + port;
    }
}
