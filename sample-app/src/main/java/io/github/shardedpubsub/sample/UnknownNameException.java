package io.github.shardedpubsub.sample;

import org.springframework.http.HttpStatus;
import org.springframework.web.server.ResponseStatusException;

/** A channel or node by this name is not there. */
class UnknownNameException extends ResponseStatusException {

    private static final long serialVersionUID = 1L;

    UnknownNameException(String reason) {
        super(HttpStatus.NOT_FOUND, reason);
    }
}
