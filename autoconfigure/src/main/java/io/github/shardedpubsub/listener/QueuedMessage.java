package io.github.shardedpubsub.listener;

import java.util.List;

/**
 * A message that waits for its delivery.
 *
 * @param payload not to be changed
 * @param registrations those to whom it goes: who was there when it was received
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared, and a copy for each message would cost.
record QueuedMessage(byte[] payload, List<Registration> registrations) {}
