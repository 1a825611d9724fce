package io.github.shardedpubsub.chaos;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** Errors in the log are defects; warnings of lost connections are what is provoked here, and are not shown. */
final class LoggedErrors extends AppenderBase<ILoggingEvent> implements AutoCloseable {

    private static final String[] LOUD = {"io.github.shardedpubsub", "io.lettuce", "io.netty"};

    private final Map<Logger, @Nullable Level> levels = new HashMap<>();

    private final Queue<String> errors = new ConcurrentLinkedQueue<>();

    LoggedErrors() {
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        setContext(context);
        start();
        for (String name : LOUD) {
            Logger logger = context.getLogger(name);
            this.levels.put(logger, logger.getLevel());
            logger.setLevel(Level.ERROR);
            logger.addAppender(this);
        }
    }

    @Override
    protected void append(ILoggingEvent event) {
        if (event.getLevel().isGreaterOrEqual(Level.ERROR)) {
            this.errors.add(event.getLoggerName() + ": " + event.getFormattedMessage()
                    + (event.getThrowableProxy() == null
                            ? ""
                            : " (" + event.getThrowableProxy().getClassName() + ": "
                                    + event.getThrowableProxy().getMessage() + ")"));
        }
    }

    Queue<String> errors() {
        return this.errors;
    }

    @Override
    public void close() {
        this.levels.forEach((logger, level) -> {
            logger.detachAppender(this);
            logger.setLevel(level);
        });
        stop();
    }
}
