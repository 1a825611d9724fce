package io.github.shardedpubsub.listener;

import java.util.List;

/**
 * A message that waits for its delivery.
 *
 * @param payload not to be changed
 * @param registrations those to whom it goes: who was there when it was received
 */
record QueuedMessage(byte[] payload, List<Registration> registrations) {}
