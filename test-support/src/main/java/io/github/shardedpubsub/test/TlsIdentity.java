package io.github.shardedpubsub.test;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * A private key and a certificate that is signed with it, for {@code 127.0.0.1} and {@code localhost}, of a server or of a client: what proves
 * itself by it is known by whoever trusts the certificate. It is made by the JDK's {@code keytool} and good for some days. Immutable.
 *
 * @see RedisClusterBuilder#tls(TlsIdentity)
 */
public final class TlsIdentity {

    private static final String PASSWORD = "no-secret";
    private static final long KEYTOOL_SECONDS = 60;

    private final Path keyStore;
    private final Path certificate;
    private final Path privateKey;

    private TlsIdentity(Path folder, String name) {
        this.keyStore = folder.resolve(name + ".p12");
        this.certificate = folder.resolve(name + "-certificate.pem");
        this.privateKey = folder.resolve(name + "-key.pem");
    }

    /**
     * Makes a new one.
     *
     * @param folder that there is, for the files
     * @param name of the files and in the certificate; letters, digits and hyphens
     * @throws RedisClusterException if it cannot be made
     */
    public static TlsIdentity create(Path folder, String name) {
        TlsIdentity identity = new TlsIdentity(folder, name);
        identity.generate(name);
        try {
            KeyStore store = identity.open();
            write(
                    identity.certificate,
                    "CERTIFICATE",
                    store.getCertificate(name).getEncoded());
            write(
                    identity.privateKey,
                    "PRIVATE KEY",
                    store.getKey(name, PASSWORD.toCharArray()).getEncoded());
        } catch (IOException | GeneralSecurityException failed) {
            throw new RedisClusterException("The certificate '" + name + "' cannot be written to " + folder, failed);
        }
        return identity;
    }

    private void generate(String name) {
        Path keytool = Path.of(System.getProperty("java.home"), "bin", "keytool");
        try {
            Process process = new ProcessBuilder(
                            keytool.toString(),
                            "-genkeypair",
                            "-alias",
                            name,
                            "-keyalg",
                            "EC",
                            "-groupname",
                            "secp256r1",
                            "-validity",
                            "30",
                            "-dname",
                            "CN=" + name,
                            "-ext",
                            "san=ip:" + LoopbackPorts.HOST + ",dns:localhost",
                            "-storetype",
                            "PKCS12",
                            "-keystore",
                            keyStore.toString(),
                            "-storepass",
                            PASSWORD)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!process.waitFor(KEYTOOL_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
                process.destroyForcibly();
                throw new RedisClusterException(
                        keytool + " made no certificate '" + name + "' in " + keyStore.getParent() + " within "
                                + KEYTOOL_SECONDS + " s. The folder must be there, and the name new in it.");
            }
        } catch (IOException missing) {
            throw new RedisClusterException(
                    keytool + " cannot be run: " + missing.getMessage() + ". A JDK or JRE brings it along.", missing);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new RedisClusterException("Interrupted while a certificate was made.", interrupted);
        }
    }

    private KeyStore open() throws IOException, GeneralSecurityException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(keyStore)) {
            store.load(in, PASSWORD.toCharArray());
        }
        return store;
    }

    private static void write(Path file, String what, byte[] content) throws IOException {
        String base64 = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
        Files.writeString(
                file,
                "-----BEGIN " + what + "-----\n" + base64 + "\n-----END " + what + "-----\n",
                StandardCharsets.US_ASCII);
    }

    /** The certificate, a PEM file: for who proves itself by it, and for who trusts it. */
    public Path certificate() {
        return certificate;
    }

    /** The private key, a PEM file without a password. */
    public Path privateKey() {
        return privateKey;
    }

    /**
     * For connections to the servers that this is the identity of. It shows itself to them, and trusts whatever they show: they are ours, and may
     * have been given another identity meanwhile.
     */
    SSLSocketFactory socketFactory() {
        try {
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(open(), PASSWORD.toCharArray());
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys.getKeyManagers(), new TrustManager[] {new TrustsAll()}, new SecureRandom());
            return context.getSocketFactory();
        } catch (IOException | GeneralSecurityException failed) {
            throw new RedisClusterException("The key store " + keyStore + " cannot be used", failed);
        }
    }

    private static final class TrustsAll extends X509ExtendedTrustManager {

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
