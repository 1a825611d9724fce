package io.github.shardedpubsub.test;

import io.github.shardedpubsub.test.RespConnection.ErrorReply;
import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One server of a {@link RedisCluster}: a process, its port, and its place in the cluster.
 *
 * <p>Thread-safe. Commands go over one connection of the node's own, one after another; each has {@value #REPLY_SECONDS} seconds for its reply.
 */
public final class RedisNode {

    /** What a node is for its cluster. */
    public enum Role {
        /** It serves the slots it owns, or waits for some. */
        MASTER,
        /** It follows a master. */
        REPLICA
    }

    static final int REPLY_SECONDS = 10;

    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(5);
    private static final int SPREAD = 16;
    private static final int LOG_LINES = 20;
    private static final Set<String> CHANGING_THE_CONNECTION =
            Set.of("SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "MONITOR", "SYNC", "PSYNC", "HELLO", "QUIT");
    private static final Logger log = LoggerFactory.getLogger(RedisNode.class);

    private final int port;
    private final ServerProcess process;
    private final ServerAccess access;
    private final Consumer<RedisNode> awaitRejoined;
    private final Object connectionLock = new Object();
    private @Nullable RespConnection connection;
    private volatile String id = "";

    RedisNode(int port, ServerProcess process, ServerAccess access, Consumer<RedisNode> awaitRejoined) {
        this.port = port;
        this.process = process;
        this.access = access;
        this.awaitRejoined = awaitRejoined;
    }

    /** The node's name in the cluster, 40 hexadecimal digits. */
    public String id() {
        return id;
    }

    /** Always {@code 127.0.0.1}. */
    public String host() {
        return LoopbackPorts.HOST;
    }

    /** The port for clients. */
    public int port() {
        return port;
    }

    /** The port of the cluster bus, 10000 above {@link #port()}. */
    public int busPort() {
        return port + LoopbackPorts.BUS_OFFSET;
    }

    /** {@code 127.0.0.1:port}, as {@code spring.data.redis.cluster.nodes} takes it. */
    public String address() {
        return host() + ":" + port;
    }

    /** The number of the server's process, for Docker's machine where it runs in a container, or -1 while there is none. */
    public long pid() {
        return process.pid();
    }

    /** Whether the process runs; a frozen one does. */
    public boolean isAlive() {
        return process.isAlive();
    }

    /** Whether the process is stopped by {@link #freeze()}. */
    public boolean isFrozen() {
        return process.isFrozen();
    }

    /**
     * What the node takes itself for.
     *
     * @throws RedisClusterException if it does not answer
     */
    public Role role() {
        return view().own().isMaster() ? Role.MASTER : Role.REPLICA;
    }

    /**
     * Sends a command and returns the reply as text, as {@code redis-cli --raw} does: the elements of an array each on a line of its own, a null
     * as an empty text.
     *
     * <p>Not for commands that change what the connection is, such as {@code SSUBSCRIBE}, {@code MONITOR} or {@code HELLO}.
     *
     * @param command the command and its arguments, each a text in UTF-8
     * @throws RedisReplyException if the server answers with an error
     * @throws RedisClusterException if it does not answer within {@value #REPLY_SECONDS} seconds, or is not there
     */
    public String command(String... command) {
        return text(reply(command));
    }

    /**
     * As {@link #command}, with the reply as it is: a {@link String}, a {@link Long}, a {@link List} of such, or null.
     *
     * @param command the command and its arguments, each a text in UTF-8
     * @throws RedisReplyException if the server answers with an error
     * @throws RedisClusterException if it does not answer within {@value #REPLY_SECONDS} seconds, or is not there
     */
    public @Nullable Object reply(String... command) {
        List<String> whole = List.of(command);
        if (whole.isEmpty() || CHANGING_THE_CONNECTION.contains(whole.get(0).toUpperCase(Locale.ROOT))) {
            throw new IllegalArgumentException(
                    "The command " + whole
                            + " is not one for a node's own connection: it is empty, or changes what the connection is. Use a client of your own for it.");
        }
        return call(StandardCharsets.UTF_8, List.of(whole)).get(0);
    }

    /**
     * Sends all commands at once and returns the replies in their order; an error among them is thrown, though all commands have been sent.
     */
    List<@Nullable Object> call(Charset charset, List<List<String>> commands) {
        List<@Nullable Object> replies = exchange(charset, commands);
        throwFirstError(commands, replies);
        return replies;
    }

    /**
     * Sends commands that do not depend on each other's order over several new connections at once, and waits for all replies. Valkey answers a
     * SETSLOT only when the replicas have it, one after another on each connection.
     *
     * @throws RedisReplyException for the first error among the replies
     */
    void callSpread(List<List<String>> commands) {
        int share = (commands.size() + SPREAD - 1) / SPREAD;
        List<List<List<String>>> parts = new ArrayList<>();
        for (int from = 0; from < commands.size(); from += share) {
            parts.add(commands.subList(from, Math.min(commands.size(), from + share)));
        }
        List<RespConnection> connections = new ArrayList<>();
        try {
            for (List<List<String>> part : parts) {
                RespConnection opened = open();
                connections.add(opened);
                opened.send(StandardCharsets.UTF_8, part);
            }
            for (int i = 0; i < parts.size(); i++) {
                throwFirstError(
                        parts.get(i),
                        connections
                                .get(i)
                                .receive(StandardCharsets.UTF_8, parts.get(i).size()));
            }
        } catch (IOException broken) {
            throw unanswered(commands, broken);
        } finally {
            connections.forEach(RespConnection::close);
        }
    }

    private void throwFirstError(List<List<String>> commands, List<@Nullable Object> replies) {
        for (int i = 0; i < replies.size(); i++) {
            if (replies.get(i) instanceof ErrorReply error) {
                throw new RedisReplyException(address(), String.join(" ", commands.get(i)), error.text());
            }
        }
    }

    private List<@Nullable Object> exchange(Charset charset, List<List<String>> commands) {
        if (commands.isEmpty()) {
            return List.of();
        }
        if (log.isTraceEnabled()) {
            commands.forEach(command -> log.trace("{}: {}", address(), String.join(" ", command)));
        }
        synchronized (connectionLock) {
            boolean reused = connection != null;
            try {
                return connected().call(charset, commands);
            } catch (IOException broken) {
                disconnect();
                // A connection kept from before may have been ended in the meantime, by a CLIENT KILL or a restart; a
                // new one tells.
                boolean ended = broken instanceof EOFException || broken instanceof SocketException;
                if (!reused || !ended || !isAlive()) {
                    throw unanswered(commands, broken);
                }
            }
            try {
                return connected().call(charset, commands);
            } catch (IOException broken) {
                disconnect();
                throw unanswered(commands, broken);
            }
        }
    }

    private RespConnection connected() throws IOException {
        if (connection == null) {
            connection = open();
        }
        return connection;
    }

    private RespConnection open() throws IOException {
        RespConnection opened =
                new RespConnection(access.sockets(), port, CONNECT_TIMEOUT, Duration.ofSeconds(REPLY_SECONDS));
        if (!access.password().isEmpty()) {
            opened.call(StandardCharsets.UTF_8, List.of(List.of("AUTH", access.password())));
        }
        return opened;
    }

    private RedisClusterException unanswered(List<List<String>> commands, IOException why) {
        String what = "The server at " + address() + " did not answer '" + String.join(" ", commands.get(0)) + "': ";
        String meaning;
        if (!isAlive()) {
            meaning = "it " + process.end() + ". restart() brings a killed one back.";
        } else if (isFrozen()) {
            meaning = "it is frozen. thaw() lets it go on.";
        } else if (why instanceof SocketTimeoutException) {
            meaning = "no reply within " + REPLY_SECONDS + " s. It is busy, or the machine is overloaded.";
        } else if (why instanceof ConnectException) {
            meaning = "it runs, but does not listen (" + why.getMessage()
                    + "). It is starting, or could not take its port.";
        } else {
            meaning = why + ". Its log may say why.";
        }
        return new RedisClusterException(what + meaning + evidence(), why);
    }

    private void disconnect() {
        if (connection != null) {
            connection.close();
            connection = null;
        }
    }

    /**
     * Kills the process (SIGKILL) and returns when it is gone. Its folder stays, its data in memory is lost, unless the cluster is configured
     * to save it. Does nothing if it is not running.
     */
    public void kill() {
        log.info("Killing {}", this);
        end(process::kill);
    }

    /** Ends the process and closes the connection, for good. */
    void retire() {
        end(process::retire);
    }

    private void end(Runnable kill) {
        kill.run();
        // Killed first: whoever waits for a reply holds the lock, and gets an end of stream now.
        synchronized (connectionLock) {
            disconnect();
        }
    }

    /**
     * Starts the server again with the same port and folder, after killing it if it still runs, and waits until it answers, all others see it, it
     * sees them as they see each other, and its link to its master is up where it is a replica. What it is then is for the cluster to say: a
     * master whose replica was promoted in the meantime comes back as a replica.
     *
     * @throws RedisClusterException if that does not happen within the cluster's time for an operation
     */
    public void restart() {
        log.info("Restarting {}", this);
        end(process::kill);
        process.start();
        awaitRejoined.accept(this);
    }

    /**
     * Stops the process where it is (SIGSTOP): connections stay open and nothing is answered. When it lasts longer than the cluster's node
     * time-out, the others take it for failed.
     *
     * @throws RedisClusterException if the process is not running
     */
    public void freeze() {
        log.info("Freezing {}", this);
        process.freeze();
    }

    /**
     * Lets a frozen process go on (SIGCONT).
     *
     * @throws RedisClusterException if the process is not running
     */
    public void thaw() {
        log.info("Thawing {}", this);
        process.thaw();
    }

    /**
     * Ends the connections of clients of one type ({@code CLIENT KILL TYPE type}), except the node's own for commands.
     *
     * @param type {@code pubsub} (connections with subscriptions), {@code normal}, {@code replica} or {@code master}
     * @return how many connections were ended
     * @throws RedisReplyException if the server knows no such type
     */
    public long killClients(String type) {
        return number(reply("CLIENT", "KILL", "TYPE", type));
    }

    /**
     * The last lines of the server's log.
     *
     * @param lines at most how many
     */
    public String logTail(int lines) {
        return process.logTail(lines);
    }

    /** The node's address, the first digits of its id, and how its process is. */
    @Override
    public String toString() {
        String state = isFrozen() ? ", frozen" : isAlive() ? "" : ", not running";
        return address() + " (" + (id.isEmpty() ? "no id yet" : id.substring(0, 8)) + state + ")";
    }

    void start() {
        process.start();
    }

    /** Whether a command can be expected to be answered. */
    boolean isAnswering() {
        return isAlive() && !isFrozen();
    }

    /** Asks the server for its id: the first command a new server gets. */
    void learnId() {
        id = command("CLUSTER", "MYID");
    }

    ClusterView view() {
        return ClusterView.parse(command("CLUSTER", "NODES"));
    }

    String processEnd() {
        return process.end();
    }

    /** The tail of the log, ready to be put below an error message. */
    String evidence() {
        String tail = logTail(LOG_LINES);
        String head = System.lineSeparator() + "--- the last lines of the log of " + this;
        return tail.isEmpty() ? head + ": none" : head + ":" + System.lineSeparator() + tail;
    }

    static long number(@Nullable Object reply) {
        if (reply instanceof Long number) {
            return number;
        }
        throw new RedisClusterException("A number was expected as reply, but it was: " + reply + ".");
    }

    private static String text(@Nullable Object reply) {
        if (reply instanceof List<?> elements) {
            List<String> lines = new ArrayList<>(elements.size());
            for (Object element : elements) {
                lines.add(element instanceof ErrorReply error ? error.text() : text(element));
            }
            return String.join("\n", lines);
        }
        return reply == null ? "" : reply.toString();
    }
}
