/* A task started by a person in a shell: the same confined child, its files opened by name, its messages
 * printed. */
#pragma once

/* argv: KIND INPUT-JSON [name=path ...]. Prints each message as a line of JSON; returns the exit status of
 * the task's cause. Files called out, poster or thumb are written, all others are read. */
int hand_main(int argc, char **argv) __attribute__((warn_unused_result));
