package io.github.shardedpubsub.sample;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.http.HttpStatus;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;
import tools.jackson.databind.json.JsonMapper;

/**
 * Tells all open pages what changes, a few times a second. What is told is written once for all, and nothing is where no page is
 * open.
 */
@Component
class PageStream {

    static final int MAX_CLIENTS = 20;

    private static final long NO_TIMEOUT = 0;

    private final PageView view;

    private final JsonMapper json;

    private final List<PageClient> clients = new CopyOnWriteArrayList<>();

    private final ExecutorService executor = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "page");
        thread.setDaemon(true);
        return thread;
    });

    private boolean closed;

    PageStream(PageView view, JsonMapper json) {
        this.view = view;
        this.json = json;
    }

    synchronized SseEmitter open() {
        if (this.closed || this.clients.size() >= MAX_CLIENTS) {
            throw new ResponseStatusException(
                    HttpStatus.SERVICE_UNAVAILABLE,
                    this.closed ? "The application stops" : MAX_CLIENTS + " pages are open already; close one");
        }
        SseEmitter emitter = new SseEmitter(NO_TIMEOUT);
        PageClient client = new PageClient(emitter, this.executor);
        emitter.onCompletion(() -> remove(client));
        emitter.onTimeout(() -> remove(client));
        emitter.onError(failure -> remove(client));
        this.clients.add(client);
        client.offer(this.json.writeValueAsString(this.view.everything()));
        return emitter;
    }

    private void remove(PageClient client) {
        client.left();
        this.clients.remove(client);
    }

    int clients() {
        return this.clients.size();
    }

    @Scheduled(fixedDelayString = "${sample.page}")
    synchronized void tell() {
        if (!this.clients.isEmpty()) {
            String update = this.json.writeValueAsString(this.view.changes());
            this.clients.removeIf(client -> !client.offer(update));
        }
    }

    /** Before the web server stops, which waits for all that is open. */
    @EventListener(ContextClosedEvent.class)
    synchronized void close() {
        this.closed = true;
        this.clients.forEach(PageClient::close);
        this.clients.clear();
        this.executor.shutdown();
    }
}
