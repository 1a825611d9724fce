package io.github.shardedpubsub.sample;

import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;

@RestController
class LettuceAloneController {

    private final LettuceAlone lettuceAlone;

    LettuceAloneController(LettuceAlone lettuceAlone) {
        this.lettuceAlone = lettuceAlone;
    }

    @PostMapping("/api/lettuce-alone")
    ClusterController.Done start() {
        this.lettuceAlone.start();
        return new ClusterController.Done("Lettuce alone listens to the same channels now. Move some slots.");
    }

    @DeleteMapping("/api/lettuce-alone")
    ClusterController.Done stop() {
        this.lettuceAlone.stop();
        return new ClusterController.Done("Lettuce alone listens no more");
    }
}
