package io.github.shardedpubsub.sample;

import org.springframework.aot.hint.annotation.RegisterReflectionForBinding;
import org.springframework.http.MediaType;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

@RestController
class PageStreamController {

    private final PageStream stream;

    PageStreamController(PageStream stream) {
        this.stream = stream;
    }

    /** Server-sent events, each a {@link PageUpdate}: the first with everything, all others with what has changed. */
    @GetMapping(path = "/api/stream", produces = MediaType.TEXT_EVENT_STREAM_VALUE)
    @RegisterReflectionForBinding(PageUpdate.class)
    SseEmitter stream() {
        return this.stream.open();
    }
}
