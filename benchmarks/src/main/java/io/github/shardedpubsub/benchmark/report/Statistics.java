package io.github.shardedpubsub.benchmark.report;

import java.util.Collection;

/** The few numbers that many are told by. */
public final class Statistics {

    private Statistics() {}

    /**
     * The value in the middle, or the mean of the two there.
     *
     * @throws IllegalArgumentException if there are no values
     */
    public static double median(Collection<Double> values) {
        double[] sorted = sorted(values);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /**
     * The smallest value that so many percent of all values do not exceed: always one of the values.
     *
     * @param percent above 0, to 100
     * @throws IllegalArgumentException if there are no values, or for another percentage
     */
    public static double percentile(Collection<Double> values, double percent) {
        if (!(percent > 0 && percent <= 100)) {
            throw new IllegalArgumentException("Not a percentage above 0: " + percent);
        }
        double[] sorted = sorted(values);
        // 99 * 100 / 100 may come out a little above 99
        int rank = (int) Math.ceil(percent * sorted.length / 100 - 1e-9);
        return sorted[rank - 1];
    }

    /**
     * How many times the other a value is.
     *
     * @throws IllegalArgumentException if the other is 0
     */
    public static double ratio(double value, double other) {
        if (other == 0) {
            throw new IllegalArgumentException("Nothing is a multiple of 0");
        }
        return value / other;
    }

    private static double[] sorted(Collection<Double> values) {
        if (values.isEmpty()) {
            throw new IllegalArgumentException("There are no values");
        }
        return values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    }
}
