package io.github.shardedpubsub.sample;

import org.springframework.http.HttpStatus;
import org.springframework.web.server.ResponseStatusException;

/** The cluster is not in a state in which it could be done. */
class NotPossibleException extends ResponseStatusException {

    private static final long serialVersionUID = 1L;

    NotPossibleException(String reason) {
        super(HttpStatus.CONFLICT, reason);
    }
}
