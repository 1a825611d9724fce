package io.github.shardedpubsub.pipe;

/**
 * Sees whether a frame of RESP3 has come whole, before anything is made of it. So a frame's announcements of how much is to come are never
 * taken for true before it is there, and what is no RESP3, or more than a server ever sends on a pipe, is known for it where it begins.
 *
 * @see <a href="https://github.com/redis/redis-specifications/blob/master/protocol/RESP3.md">RESP3</a>
 */
final class WholeFrames {

    /** A payload as large as servers take by default (their {@code proto-max-bulk-len}), and room for what is around it. */
    static final int MOST_BYTES = (512 + 1) << 20;

    /** Of all aggregates in a frame together; a push has three. */
    static final int MOST_ELEMENTS = 1 << 16;

    /** In bytes: for errors and statuses, which are one line. */
    static final int LONGEST_LINE = 1 << 16;

    /** Of aggregates in aggregates. */
    static final int DEEPEST = 16;

    private static final int LONGEST_LENGTH = 10;

    private static final long NULL = -1;

    private static final long NOT_WHOLE = -2;

    private final byte[] bytes;

    private final int begin;

    private final int end;

    private int at;

    private int elements;

    private WholeFrames(Incoming incoming) {
        this.bytes = incoming.bytes();
        this.begin = incoming.begin();
        this.end = incoming.end();
        this.at = this.begin;
    }

    /**
     * How many bytes the next frame has, or 0 where it is not whole.
     *
     * @throws OutOfStepException if what comes is no frame that a server sends
     */
    static int next(Incoming incoming) throws OutOfStepException {
        WholeFrames frames = new WholeFrames(incoming);
        return frames.skip(0) ? frames.at - frames.begin : 0;
    }

    /** Goes behind one value, or returns false where it is not whole. */
    private boolean skip(int depth) throws OutOfStepException {
        if (this.at == this.end) {
            return false;
        }
        int line = this.at;
        byte type = this.bytes[line];
        return switch (type) {
            case '+', '-', ',', '(', '_' -> lineEnd(line) >= 0;
            case ':' -> skipNumber(line);
            case '#' -> skipBoolean(line);
            case '$', '=', '!' -> skipBulk(line);
            case '*', '~' -> skipElements(length(line), 1, depth);
            case '>' -> skipPush(line, depth);
            case '%' -> skipElements(length(line), 2, depth);
            default -> throw new OutOfStepException("a frame that begins with byte " + (type & 0xff));
        };
    }

    private boolean skipNumber(int line) throws OutOfStepException {
        int lineEnd = lineEnd(line);
        if (lineEnd >= 0) {
            number(line, lineEnd, Long.toString(Long.MIN_VALUE).length());
        }
        return lineEnd >= 0;
    }

    private boolean skipBoolean(int line) throws OutOfStepException {
        int lineEnd = lineEnd(line);
        if (lineEnd >= 0 && lineEnd != line + 2) {
            throw new OutOfStepException("a boolean of " + (lineEnd - line - 1) + " bytes");
        }
        return lineEnd >= 0;
    }

    private boolean skipBulk(int line) throws OutOfStepException {
        long length = length(line);
        if (length == NULL) {
            return true;
        }
        if (length == NOT_WHOLE) {
            return false;
        }
        if (this.at - this.begin + length > MOST_BYTES) {
            throw new OutOfStepException("a frame of more than " + MOST_BYTES + " bytes");
        }
        int behind = this.at + (int) length;
        if (behind + 2 > this.end) {
            return false;
        }
        if (this.bytes[behind] != '\r' || this.bytes[behind + 1] != '\n') {
            throw new OutOfStepException("a bulk string that is longer than its length says");
        }
        this.at = behind + 2;
        return true;
    }

    /** What it is of, is its first element. */
    private boolean skipPush(int line, int depth) throws OutOfStepException {
        long count = length(line);
        if (count == NOT_WHOLE) {
            return false;
        }
        boolean named = count > 0
                && (this.at == this.end || this.bytes[this.at] == '+' || this.bytes[this.at] == '$')
                && (this.at + 1 >= this.end || this.bytes[this.at + 1] != '-');
        if (!named) {
            throw new OutOfStepException("a push of nothing");
        }
        return skipElements(count, 1, depth);
    }

    private boolean skipElements(long count, int each, int depth) throws OutOfStepException {
        if (count == NOT_WHOLE) {
            return false;
        }
        if (count == NULL) {
            return true;
        }
        if (count * each > MOST_ELEMENTS - this.elements) {
            throw new OutOfStepException("a frame of more than " + MOST_ELEMENTS + " elements");
        }
        if (depth == DEEPEST) {
            throw new OutOfStepException("a frame with aggregates more than " + DEEPEST + " deep");
        }
        this.elements += (int) count * each;
        for (long i = count * each; i > 0; i--) {
            if (!skip(depth + 1)) {
                return false;
            }
        }
        return true;
    }

    /** What the line announces: 0 or more, {@link #NULL} or {@link #NOT_WHOLE}. */
    private long length(int line) throws OutOfStepException {
        int lineEnd = lineEnd(line);
        if (lineEnd < 0) {
            return NOT_WHOLE;
        }
        long length = number(line, lineEnd, LONGEST_LENGTH);
        if (length < NULL) {
            throw new OutOfStepException("a length of " + length);
        }
        return length;
    }

    /** The number behind the type, in decimal digits with or without a minus. */
    private long number(int line, int lineEnd, int mostBytes) throws OutOfStepException {
        int first = line + 1;
        boolean negative = this.bytes[first] == '-';
        if (negative) {
            first++;
        }
        if (first >= lineEnd || lineEnd - line - 1 > mostBytes) {
            throw new OutOfStepException("a number of " + (lineEnd - line - 1) + " bytes");
        }
        long number = 0;
        for (int i = first; i < lineEnd; i++) {
            byte digit = this.bytes[i];
            if (digit < '0' || digit > '9') {
                throw new OutOfStepException("a number with byte " + (digit & 0xff) + " in it");
            }
            number = 10 * number + digit - '0';
        }
        return negative ? -number : number;
    }

    /** Goes behind the line and returns where its end begins, or -1 where it is not whole. */
    private int lineEnd(int line) throws OutOfStepException {
        int most = Math.min(this.end, line + LONGEST_LINE);
        for (int i = line; i < most; i++) {
            if (this.bytes[i] == '\n') {
                if (i < line + 2 || this.bytes[i - 1] != '\r') {
                    throw new OutOfStepException("a line that does not end as lines do");
                }
                this.at = i + 1;
                return i - 1;
            }
        }
        if (this.end - line >= LONGEST_LINE) {
            throw new OutOfStepException("a line of more than " + LONGEST_LINE + " bytes");
        }
        return -1;
    }
}
