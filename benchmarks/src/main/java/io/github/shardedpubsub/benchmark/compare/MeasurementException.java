package io.github.shardedpubsub.benchmark.compare;

/** Says why there is no number. */
final class MeasurementException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    MeasurementException(String why) {
        super(why);
    }
}
