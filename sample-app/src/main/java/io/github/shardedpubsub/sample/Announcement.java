package io.github.shardedpubsub.sample;

/**
 * What the dispatch office tells all who listen.
 *
 * @param number counts the announcements from 1
 * @param text what it says
 */
public record Announcement(long number, String text) {}
