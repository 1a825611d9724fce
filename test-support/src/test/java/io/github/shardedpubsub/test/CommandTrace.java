package io.github.shardedpubsub.test;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.List;
import org.slf4j.LoggerFactory;

/**
 * The commands that nodes were sent, in their order, as "address: command".
 */
final class CommandTrace implements AutoCloseable {

    private final Logger logger = (Logger) LoggerFactory.getLogger(RedisNode.class);
    private final ListAppender<ILoggingEvent> appender = new ListAppender<>();

    CommandTrace() {
        appender.start();
        logger.addAppender(appender);
        logger.setAdditive(false);
        logger.setLevel(Level.TRACE);
    }

    List<String> containing(String part) {
        return appender.list.stream()
                .map(ILoggingEvent::getFormattedMessage)
                .filter(message -> message.contains(part))
                .toList();
    }

    @Override
    public void close() {
        logger.detachAppender(appender);
        logger.setAdditive(true);
        logger.setLevel(null);
    }
}
