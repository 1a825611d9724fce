package io.github.shardedpubsub.chaos;

import java.time.Instant;

/**
 * A message that a server has taken.
 *
 * @param sent just before it was sent
 * @param answered just after the answer
 * @param receivers how many subscribers the answering node counted
 */
record Publication(long number, Instant sent, Instant answered, long receivers) {}
