package io.github.shardedpubsub.subscription.faults;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.netty.buffer.ByteBufAllocator;
import io.netty.util.ResourceLeakDetector;
import java.util.List;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.slf4j.LoggerFactory;

/** Has Netty watch every buffer while the tests of a class run, and fails if one of them was not released. */
final class BufferLeaks implements BeforeAllCallback, AfterAllCallback {

    /** Netty looks for buffers that are gone whenever it hands out the next. */
    private static final int BUFFERS = 1_000;

    private final ListAppender<ILoggingEvent> reports = new ListAppender<>();

    private final Logger detector = (Logger) LoggerFactory.getLogger(ResourceLeakDetector.class);

    private final ResourceLeakDetector.Level before = ResourceLeakDetector.getLevel();

    @Override
    public void beforeAll(ExtensionContext context) {
        this.reports.start();
        this.detector.addAppender(this.reports);
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
    }

    @Override
    public void afterAll(ExtensionContext context) {
        System.gc();
        for (int i = 0; i < BUFFERS; i++) {
            ByteBufAllocator.DEFAULT.buffer().release();
        }
        ResourceLeakDetector.setLevel(this.before);
        this.detector.detachAppender(this.reports);
        assertThat(List.copyOf(this.reports.list))
                .extracting(ILoggingEvent::getFormattedMessage)
                .isEmpty();
    }
}
