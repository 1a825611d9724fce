package io.github.shardedpubsub.benchmark.report;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One measure of one client in one scenario.
 *
 * @param scenario such as {@code delivery, 8 channels}
 * @param measure what was measured, such as {@code CPU time a message}
 * @param values one for each round, or for each event where there are many in a round; none where nothing could be measured
 * @param note what has to be known of the values, or why there are none
 */
@JsonPropertyOrder({"scenario", "client", "measure", "unit", "median", "p99", "values", "note"})
public record Series(
        String scenario,
        String client,
        String measure,
        String unit,
        List<Double> values,
        @Nullable String note) {

    /** Below so many values nothing is said of the slowest of a hundred. */
    private static final int LEAST_FOR_PERCENTILE = 20;

    public Series {
        values = List.copyOf(values);
    }

    /** The median, if there are values. */
    @JsonProperty(access = JsonProperty.Access.READ_ONLY)
    public @Nullable Double median() {
        return this.values.isEmpty() ? null : Statistics.median(this.values);
    }

    /** The 99th percentile, if there are values enough. */
    @JsonProperty(access = JsonProperty.Access.READ_ONLY)
    public @Nullable Double p99() {
        return this.values.size() < LEAST_FOR_PERCENTILE ? null : Statistics.percentile(this.values, 99);
    }
}
