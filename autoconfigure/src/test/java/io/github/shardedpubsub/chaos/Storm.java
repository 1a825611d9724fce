package io.github.shardedpubsub.chaos;

import io.github.shardedpubsub.chaos.Fault.NotNow;
import io.github.shardedpubsub.chaos.FaultKind.Lane;
import io.github.shardedpubsub.chaos.FaultPlan.Choice;
import io.github.shardedpubsub.test.RedisClusterException;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Faults, one to three a second. Each lane has a thread of its own; a fault whose lane has a full queue still is left out, so that
 * the plan does not depend on how long faults take.
 */
final class Storm {

    private static final int WAITING_IN_A_LANE = 2;

    /** The slowest fault replaces a node, and each of its steps has half a minute. */
    private static final Duration LAST_FAULT = Duration.ofMinutes(3);

    private final Map<FaultKind, Fault> faults;

    private final FaultPlan plan;

    private final FaultLog log;

    Storm(Map<FaultKind, Fault> faults, FaultPlan plan, FaultLog log) {
        this.faults = faults;
        this.plan = plan;
        this.log = log;
    }

    /** Returns when the time is up and the last fault is over. */
    void rage(Duration duration) throws InterruptedException {
        Map<Lane, ExecutorService> lanes = new EnumMap<>(Lane.class);
        for (Lane lane : Lane.values()) {
            lanes.put(lane, lane(lane));
        }
        try {
            long end = System.nanoTime() + duration.toNanos();
            while (System.nanoTime() < end) {
                Choice choice = this.plan.next();
                ChaosCluster.last(choice.pause());
                send(choice, lanes);
            }
        } finally {
            lanes.values().forEach(ExecutorService::shutdown);
        }
        for (Map.Entry<Lane, ExecutorService> lane : lanes.entrySet()) {
            if (!lane.getValue().awaitTermination(LAST_FAULT.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new IllegalStateException("A fault of the lane " + lane.getKey() + " does not end");
            }
        }
    }

    private static ExecutorService lane(Lane lane) {
        return new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new ArrayBlockingQueue<>(WAITING_IN_A_LANE), task -> {
            Thread thread = new Thread(task, "chaos-" + lane);
            thread.setDaemon(true);
            return thread;
        });
    }

    private void send(Choice choice, Map<Lane, ExecutorService> lanes) {
        ExecutorService lane = lanes.get(choice.kind().lane());
        if (lane == null) {
            throw new AssertionError("No lane for " + choice);
        }
        try {
            lane.execute(() -> strike(choice));
        } catch (RejectedExecutionException busy) {
            this.log.skipped();
            this.log.note(name(choice) + " left out: others before it take their time");
        }
    }

    private void strike(Choice choice) {
        String name = name(choice);
        Fault fault = this.faults.get(choice.kind());
        if (fault == null) {
            throw new AssertionError("Nothing is known of " + choice);
        }
        try {
            this.log.note(name + " begins");
            fault.strike(choice.dice(), what -> this.log.note(name + " " + what));
            this.log.done(choice.kind());
            this.log.note(name + " done");
        } catch (NotNow reason) {
            this.log.skipped();
            this.log.note(name + " left out: " + reason.getMessage());
        } catch (RedisClusterException failed) {
            // two faults at once can make one impossible half way; the healing does the rest
            this.log.failed();
            this.log.note(name + " failed: "
                    + String.valueOf(failed.getMessage()).lines().findFirst().orElse(""));
        } catch (RuntimeException | Error defect) {
            this.log.failed();
            this.log.note(name + " is defective: " + defect);
            throw defect;
        }
    }

    private static String name(Choice choice) {
        return "#" + choice.number() + " " + choice.kind();
    }
}
