package io.github.shardedpubsub.sample;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.springframework.http.MediaType;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/**
 * One open page. A slow one holds up nobody: its updates wait, and when too many do it is sent away, to come back and begin anew.
 */
class PageClient {

    private static final int MAX_WAITING = 50;

    private final SseEmitter emitter;

    private final Executor executor;

    private final Queue<String> waiting = new ArrayDeque<>();

    private boolean sending;

    private boolean gone;

    PageClient(SseEmitter emitter, Executor executor) {
        this.emitter = emitter;
        this.executor = executor;
    }

    /** Never waits for the network. Returns whether the page is still there. */
    synchronized boolean offer(String update) {
        if (this.gone) {
            return false;
        }
        if (this.waiting.size() >= MAX_WAITING) {
            close();
            return false;
        }
        this.waiting.add(update);
        if (!this.sending) {
            this.sending = true;
            this.executor.execute(this::send);
        }
        return true;
    }

    private void send() {
        for (String next = next(); next != null; next = next()) {
            try {
                this.emitter.send(next, MediaType.APPLICATION_JSON);
            } catch (IOException | IllegalStateException closedByTheVisitor) {
                left();
            }
        }
    }

    private synchronized @Nullable String next() {
        String next = this.waiting.poll();
        if (next == null) {
            this.sending = false;
        }
        return next;
    }

    /** The visitor has gone. */
    synchronized void left() {
        this.gone = true;
        this.waiting.clear();
    }

    /** Ends the connection; whoever is still there connects again. */
    synchronized void close() {
        left();
        // not here: it waits for what is being written
        this.executor.execute(this.emitter::complete);
    }
}
