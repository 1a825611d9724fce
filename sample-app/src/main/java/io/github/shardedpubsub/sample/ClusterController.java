package io.github.shardedpubsub.sample;

import java.time.Duration;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;

@RestController
class ClusterController {

    private static final int MAX_SLOTS = 1000;

    private static final int MAX_MILLIS = 1000;

    private final ClusterNodes nodes;

    private final SlotMover mover;

    private final ClusterDrill drill;

    ClusterController(ClusterNodes nodes, SlotMover mover, ClusterDrill drill) {
        this.nodes = nodes;
        this.mover = mover;
        this.drill = drill;
    }

    /**
     * What was done, in words.
     */
    record Done(String done) {}

    /**
     * Moves a channel's slot to the next master.
     *
     * @param millis how long the slot is on its way, as one with many keys is; 0 for an empty one
     */
    @PostMapping("/api/channels/{channel}/move")
    ClusterNodes.Move move(@PathVariable String channel, @RequestParam(defaultValue = "0") int millis) {
        return this.mover.move(channel, taking(millis));
    }

    @PostMapping("/api/reshard")
    Overview.Progress reshard(@RequestParam int slots, @RequestParam(defaultValue = "0") int millis) {
        if (slots < 1 || slots > MAX_SLOTS) {
            throw new ResponseStatusException(
                    HttpStatus.BAD_REQUEST, "slots must be 1 to " + MAX_SLOTS + ", not " + slots);
        }
        return this.mover.reshard(slots, taking(millis));
    }

    private static Duration taking(int millis) {
        if (millis < 0 || millis > MAX_MILLIS) {
            throw new ResponseStatusException(
                    HttpStatus.BAD_REQUEST, "millis must be 0 to " + MAX_MILLIS + ", not " + millis);
        }
        return Duration.ofMillis(millis);
    }

    @PostMapping("/api/nodes/{id}/kill")
    Done kill(@PathVariable String id) {
        return this.mover.alone(() -> new Done(this.nodes.kill(id)));
    }

    @PostMapping("/api/nodes/{id}/restart")
    Done restart(@PathVariable String id) {
        return this.mover.alone(() -> new Done(this.nodes.restart(id)));
    }

    @PostMapping("/api/nodes/{id}/failover")
    Done failover(@PathVariable String id) {
        return this.mover.alone(() -> new Done(this.nodes.failover(id)));
    }

    @PostMapping("/api/nodes")
    Done add() {
        return new Done(this.drill.addNode());
    }

    @PostMapping("/api/everything")
    Done everythingAtOnce() {
        return new Done(this.drill.everythingAtOnce());
    }
}
