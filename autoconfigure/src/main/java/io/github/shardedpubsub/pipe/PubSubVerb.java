package io.github.shardedpubsub.pipe;

import io.lettuce.core.protocol.CommandType;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What a client asks for, and the server's word for having done it: command and push have the same name. */
enum PubSubVerb {
    SUBSCRIBE(CommandType.SUBSCRIBE),
    UNSUBSCRIBE(CommandType.UNSUBSCRIBE),
    PSUBSCRIBE(CommandType.PSUBSCRIBE),
    PUNSUBSCRIBE(CommandType.PUNSUBSCRIBE),
    SSUBSCRIBE(CommandType.SSUBSCRIBE),
    SUNSUBSCRIBE(CommandType.SUNSUBSCRIBE);

    private final CommandType command;

    PubSubVerb(CommandType command) {
        this.command = command;
    }

    /** The verb of this name in any case, null for another command or push. */
    static @Nullable PubSubVerb named(String name) {
        return switch (name.toUpperCase(Locale.ROOT)) {
            case "SUBSCRIBE" -> SUBSCRIBE;
            case "UNSUBSCRIBE" -> UNSUBSCRIBE;
            case "PSUBSCRIBE" -> PSUBSCRIBE;
            case "PUNSUBSCRIBE" -> PUNSUBSCRIBE;
            case "SSUBSCRIBE" -> SSUBSCRIBE;
            case "SUNSUBSCRIBE" -> SUNSUBSCRIBE;
            default -> null;
        };
    }

    CommandType command() {
        return this.command;
    }

    boolean subscribes() {
        return this == SUBSCRIBE || this == PSUBSCRIBE || this == SSUBSCRIBE;
    }

    /** Whether it is about shard channels, which the server counts apart from channels and patterns. */
    boolean isSharded() {
        return this == SSUBSCRIBE || this == SUNSUBSCRIBE;
    }

    /** Whether one undoes the other. */
    boolean isOppositeOf(PubSubVerb other) {
        return switch (this) {
            case SUBSCRIBE -> other == UNSUBSCRIBE;
            case UNSUBSCRIBE -> other == SUBSCRIBE;
            case PSUBSCRIBE -> other == PUNSUBSCRIBE;
            case PUNSUBSCRIBE -> other == PSUBSCRIBE;
            case SSUBSCRIBE -> other == SUNSUBSCRIBE;
            case SUNSUBSCRIBE -> other == SSUBSCRIBE;
        };
    }
}
