package io.github.shardedpubsub.sample;

import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;

@RestController
class RecoveryController {

    private final CourierRecovery recovery;

    RecoveryController(CourierRecovery recovery) {
        this.recovery = recovery;
    }

    @PostMapping("/api/recovery")
    ClusterController.Done on() {
        this.recovery.switchOn();
        return new ClusterController.Done(
                "The channels remember now, and lost messages are counted anew. Make it hard.");
    }

    @DeleteMapping("/api/recovery")
    ClusterController.Done off() {
        this.recovery.switchOff();
        return new ClusterController.Done("The channels remember nothing, and lost messages are counted anew");
    }
}
