package io.github.shardedpubsub.actuate;

import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/**
 * One meter for each constant of an enum, made before the first is needed.
 *
 * @param <E> the enum, whose constants are the values of the meters' tag
 * @param <M> the type of meter
 */
final class PerConstant<E extends Enum<E>, M> {

    private final List<M> meters;

    private PerConstant(List<M> meters) {
        this.meters = meters;
    }

    static <E extends Enum<E>, M> PerConstant<E, M> of(Class<E> constants, Function<E, M> meter) {
        return new PerConstant<>(
                Arrays.stream(constants.getEnumConstants()).map(meter).toList());
    }

    M of(E constant) {
        return this.meters.get(constant.ordinal());
    }
}
