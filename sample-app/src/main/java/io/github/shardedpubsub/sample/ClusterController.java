package io.github.shardedpubsub.sample;

import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;

@RestController
class ClusterController {

    private static final int MAX_SLOTS = 1000;

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

    @PostMapping("/api/channels/{channel}/move")
    ClusterNodes.Move move(@PathVariable String channel) {
        return this.mover.move(channel);
    }

    @PostMapping("/api/reshard")
    Overview.Progress reshard(@RequestParam int slots) {
        if (slots < 1 || slots > MAX_SLOTS) {
            throw new ResponseStatusException(
                    HttpStatus.BAD_REQUEST, "slots must be 1 to " + MAX_SLOTS + ", not " + slots);
        }
        return this.mover.reshard(slots);
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
