package io.github.shardedpubsub.benchmark.compare;

import com.sun.management.OperatingSystemMXBean;
import io.github.shardedpubsub.benchmark.client.ClientKind;
import io.github.shardedpubsub.benchmark.client.MeasuredClient;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * The process of one client: does what it is told on its standard input, a line for each, and answers each with a line of numbers. It ends
 * when its input does.
 */
final class Worker {

    static final String ANSWER = "> ";

    static final String FAILURE = "! ";

    private static final int GARBAGE_COLLECTIONS = 4;

    private final OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

    private final LongAdder received = new LongAdder();

    private final ClientKind kind;

    private final List<String> seeds;

    private final List<String> channels;

    private @Nullable MeasuredClient client;

    private Worker(ClientKind kind, List<String> seeds, List<String> channels) {
        this.kind = kind;
        this.seeds = seeds;
        this.channels = channels;
    }

    /**
     * Works until told to stop.
     *
     * @param arguments the client, its seeds with commas between them, and a file with its channels, one a line
     */
    public static void main(String[] arguments) throws IOException {
        PrintStream answers = System.out;
        // whatever a library prints must not be taken for an answer
        System.setOut(System.err);
        Worker worker = new Worker(
                ClientKind.of(arguments[0]),
                List.of(arguments[1].split(",")),
                List.copyOf(Files.readAllLines(Path.of(arguments[2]))));
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String command = commands.readLine(); command != null; command = commands.readLine()) {
            String answer;
            try {
                answer = ANSWER + worker.execute(command.split(" "));
            } catch (Exception | LinkageError ex) {
                ex.printStackTrace();
                answer = FAILURE + ex.toString().replace('\n', ' ');
            }
            answers.println(answer);
            answers.flush();
        }
        // some clients leave threads that would keep the process
        Runtime.getRuntime().halt(0);
    }

    private String execute(String[] command) throws Exception {
        switch (command[0]) {
            case "connect" -> {
                MeasuredClient client = this.kind.create();
                client.connect(this.seeds, this.channels, this.received);
                this.client = client;
                return "";
            }
            case "subscribe" -> {
                client().subscribe();
                return "";
            }
            case "close" -> {
                client().close();
                this.client = null;
                return "";
            }
            case "mark" -> {
                return mark();
            }
            case "await" -> {
                return await(Long.parseLong(command[1]), Long.parseLong(command[2]));
            }
            case "heap" -> {
                return Long.toString(heap());
            }
            case "publish" -> {
                client().publish(Integer.parseInt(command[1]), new byte[Integer.parseInt(command[2])]);
                return mark();
            }
            default -> throw new IllegalArgumentException("No such command: " + command[0]);
        }
    }

    private MeasuredClient client() {
        if (this.client == null) {
            throw new IllegalStateException("Not connected");
        }
        return this.client;
    }

    /** What was received so far, the process's CPU time and the clock, both in nanoseconds. */
    private String mark() {
        return this.received.sum() + " " + this.system.getProcessCpuTime() + " " + System.nanoTime();
    }

    private String await(long messages, long limitMillis) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(limitMillis);
        while (this.received.sum() < messages && System.nanoTime() < deadline) {
            // seldom enough not to be seen in the CPU time
            TimeUnit.MILLISECONDS.sleep(5);
        }
        return mark();
    }

    private static long heap() throws InterruptedException {
        for (int i = 0; i < GARBAGE_COLLECTIONS; i++) {
            System.gc();
            TimeUnit.MILLISECONDS.sleep(100);
        }
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
