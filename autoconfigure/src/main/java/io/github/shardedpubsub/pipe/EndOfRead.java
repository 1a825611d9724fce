package io.github.shardedpubsub.pipe;

import io.netty.util.concurrent.FastThreadLocal;
import java.util.ArrayList;
import java.util.List;

/**
 * The end of what an event loop has read from a connection at once: a portion of some tens of KiB, with hundreds of messages in it
 * when they come fast. What is worth doing once for all of them waits until then, such as waking another thread.
 */
public final class EndOfRead {

    private static final FastThreadLocal<EndOfRead> OF_THREAD = new FastThreadLocal<>();

    private final List<Runnable> tasks = new ArrayList<>();

    private boolean reading;

    private EndOfRead() {}

    /**
     * Runs a task on this thread when what it reads is dealt with; at once where it reads nothing.
     *
     * @param task must neither block nor throw
     */
    public static void run(Runnable task) {
        EndOfRead ofThread = OF_THREAD.getIfExists();
        if (ofThread != null && ofThread.reading) {
            ofThread.tasks.add(task);
        } else {
            task.run();
        }
    }

    /**
     * Runs at once what waits on this thread.
     */
    public static void runNow() {
        EndOfRead ofThread = OF_THREAD.getIfExists();
        if (ofThread != null) {
            ofThread.runTasks();
        }
    }

    /** From now on, this thread deals with what it has read. */
    static void begin() {
        EndOfRead ofThread = OF_THREAD.getIfExists();
        if (ofThread == null) {
            ofThread = new EndOfRead();
            OF_THREAD.set(ofThread);
        }
        ofThread.reading = true;
    }

    /** It is dealt with. */
    static void end() {
        EndOfRead ofThread = OF_THREAD.getIfExists();
        if (ofThread != null) {
            ofThread.reading = false;
            ofThread.runTasks();
        }
    }

    private void runTasks() {
        // by index: a task may lead to another one
        for (int i = 0; i < this.tasks.size(); i++) {
            this.tasks.get(i).run();
        }
        this.tasks.clear();
    }
}
