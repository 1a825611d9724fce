package io.github.shardedpubsub.pipe;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An error line of the server, without its leading {@code -}.
 *
 * @param message the whole line, such as {@code MOVED 5798 127.0.0.1:7001}
 */
public record ReplyError(String message) {

    /** A command name at the very end, because a user's or a channel's name before it may contain anything. */
    private static final Pattern COMMAND_DENIED = Pattern.compile("run the '([^']*)' command$");

    /** Redis up to 6 quotes the name with a back-tick, later servers with an apostrophe. */
    private static final Pattern COMMAND_UNKNOWN = Pattern.compile("^ERR unknown command [`']([^`',]*)[`']");

    /**
     * Which half of a fenced unit can get an error, the pub/sub command or the PING behind it.
     */
    enum Half {
        COMMAND,
        FENCE,
        EITHER
    }

    /**
     * The first word, such as {@code MOVED}, {@code NOPERM} or {@code ERR}.
     */
    public String code() {
        int end = this.message.indexOf(' ');
        return end < 0 ? this.message : this.message.substring(0, end);
    }

    /**
     * Whether asking again soon cannot help: a permission is missing, or the server does not know the command (Redis before 7).
     */
    public boolean isFinal() {
        return code().equals("NOPERM") || COMMAND_UNKNOWN.matcher(this.message).find();
    }

    /**
     * Whose error this can be, as measured on Redis 7.0 to 8 and Valkey 8 and 9: redirects and slots concern the pub/sub
     * command alone, the states that forbid reading or writing concern the PING alone. Whatever is not listed can be either's.
     */
    Half half() {
        return switch (code()) {
            case "MOVED", "ASK", "CLUSTERDOWN", "CROSSSLOT", "TRYAGAIN" -> Half.COMMAND;
            case "MISCONF", "MASTERDOWN", "LOADING" -> Half.FENCE;
            case "NOPERM" -> deniedHalf();
            case "ERR" -> halfOf(COMMAND_UNKNOWN.matcher(this.message));
            default -> Half.EITHER;
        };
    }

    private Half deniedHalf() {
        if (this.message.endsWith(" command")) {
            return halfOf(COMMAND_DENIED.matcher(this.message));
        }
        // "…one of the channels used as arguments" (7.0) and "…the 'name' channel" (7.2 and later): a PING names no
        // channel
        return this.message.endsWith("channel") || this.message.endsWith("channels used as arguments")
                ? Half.COMMAND
                : Half.EITHER;
    }

    private static Half halfOf(Matcher commandName) {
        if (!commandName.find()) {
            return Half.EITHER;
        }
        String name = commandName.group(1);
        if (name.equalsIgnoreCase("ping")) {
            return Half.FENCE;
        }
        return PubSubVerb.named(name) != null ? Half.COMMAND : Half.EITHER;
    }
}
