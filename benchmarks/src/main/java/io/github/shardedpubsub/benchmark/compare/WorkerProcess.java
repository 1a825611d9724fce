package io.github.shardedpubsub.benchmark.compare;

import io.github.shardedpubsub.benchmark.client.ClientKind;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A {@link Worker} in a JVM of its own. */
final class WorkerProcess implements AutoCloseable {

    private static final long END_SECONDS = 5;

    private final ClientKind kind;

    private final Duration limit;

    private final Path channelFile;

    private final Process process;

    private final Writer commands;

    private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();

    /** Starts it; it is connected to nothing yet. */
    WorkerProcess(ClientKind kind, List<String> seeds, List<String> channels, Options options) throws IOException {
        this.kind = kind;
        this.limit = options.workLimit();
        this.channelFile = Files.createTempFile("channels", ".txt");
        Files.write(this.channelFile, channels);
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options.list("jvm"));
        command.add("-cp");
        command.add(System.getProperty("java.class.path"));
        command.add(Worker.class.getName());
        command.add(kind.label());
        command.add(String.join(",", seeds));
        command.add(this.channelFile.toString());
        this.process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        this.commands =
                new BufferedWriter(new OutputStreamWriter(this.process.getOutputStream(), StandardCharsets.UTF_8));
        Thread reader = new Thread(this::readAnswers, "answers-of-" + kind.label());
        reader.setDaemon(true);
        reader.start();
    }

    private void readAnswers() {
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(this.process.getInputStream(), StandardCharsets.UTF_8))) {
            // native code of clients prints here, too
            lines.lines()
                    .filter(line -> line.startsWith(Worker.ANSWER) || line.startsWith(Worker.FAILURE))
                    .forEach(this.answers::add);
        } catch (IOException | UncheckedIOException ended) {
            // as below
        }
        this.answers.add(Worker.FAILURE + "its process has ended");
    }

    /** Sends a command and waits for the numbers that it is answered with. */
    long[] ask(String command) throws IOException, InterruptedException {
        send(command);
        return answer();
    }

    void send(String command) throws IOException {
        this.commands.write(command + "\n");
        this.commands.flush();
    }

    /**
     * Waits for the answer to what was sent.
     *
     * @throws MeasurementException if it failed, or no answer came in time
     */
    long[] answer() throws InterruptedException {
        // a little longer than what the worker itself waits for
        String answer = this.answers.poll(this.limit.toSeconds() + END_SECONDS, TimeUnit.SECONDS);
        if (answer == null) {
            throw new MeasurementException(
                    this.kind.label() + " was not ready within " + this.limit.toSeconds() + " s");
        }
        if (!answer.startsWith(Worker.ANSWER)) {
            throw new MeasurementException(this.kind.label() + " failed: " + answer.substring(Worker.FAILURE.length()));
        }
        return Arrays.stream(answer.substring(Worker.ANSWER.length()).split(" "))
                .filter(number -> !number.isEmpty())
                .mapToLong(Long::parseLong)
                .toArray();
    }

    @Override
    public void close() throws IOException {
        try {
            this.commands.close();
        } catch (IOException alreadyGone) {
            // it has ended by itself
        }
        try {
            if (!this.process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                this.process.destroyForcibly();
            }
        } catch (InterruptedException ex) {
            this.process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
        Files.deleteIfExists(this.channelFile);
    }
}
