package io.github.shardedpubsub.sample;

/**
 * Where a courier is: the message on its channel.
 *
 * @param courier the courier's number
 * @param number counts this courier's messages from 1, so that a listener notices what it has missed
 * @param latitude in degrees
 * @param longitude in degrees
 * @param heading in degrees, clockwise from north
 */
public record Position(int courier, long number, double latitude, double longitude, int heading) {}
