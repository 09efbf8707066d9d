/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The C ABI that agent/loader.ts calls through ffi-rs: ints, strings and caller-owned byte buffers only, since wider
 * values do not survive the crossing. One loader a process, called from one thread. A negative result is -errno.
 */
#ifndef TCPLENS_LOADER_H
#define TCPLENS_LOADER_H

#define API __attribute__((visibility("default")))

/*
 * Loads the object with these bytes and attaches those of its programs that are in the list, with commas. `constants` has what they
 * must know beforehand, "name=hexadecimal" with commas; `ring_bytes`, a power of two of at least a page, is the size of the largest
 * ring. `reasons` receives a text, ended by a zero: for each that is not attached a line "program\treason\n", or, where nothing is
 * kept, one without a name. Returns how many are attached; -EBUSY once it has started.
 */
API int loader__load(const unsigned char *object, int size, const char *name, const char *programs, const char *constants, int ring_bytes,
		     unsigned char *reasons, int reasons_size);

/* Opens what is needed to read and steer what was loaded. */
API int loader__start(void);

/* Moves whole rows of a kind into `rows`, their times made wall-clock. Returns bytes; 0: nothing waiting. */
API int loader__drain(int kind, unsigned char *rows, int size);

/*
 * Counts rows from now on, wherever they are taken out, by a `struct tally_program` (tally_program.h), and forgets what was counted
 * before. Returns -EINVAL for a program of another size or with what lies outside its rows.
 */
API int loader__tally(const unsigned char *program, int size);

/*
 * Writes `struct tally_group`s (tally_program.h) from number `from` on, as many as fit; a group keeps its number. Returns bytes, or
 * why counting ended: -EPROTO where a ring held what is no row of its kind.
 */
API int loader__tallied(int from, unsigned char *groups, int size);

/*
 * From now on a thread takes out the rows of all that happens, every so many ms while there are any, and has them counted;
 * loader__drain() gives only rows of sweeps.
 */
API int loader__count(int interval_ms);

/*
 * Looks into the namespace behind `netns_path` (empty: the caller's own). `first` says that a round over all namespaces begins
 * with it, and with that a sweep over the sockets of all, which drain of the kind `sample` walks. `seen` receives a
 * `struct netns_look` (netns-look.h) and the texts that follow it. Returns bytes.
 */
API int loader__sweep(const char *netns_path, int first, unsigned char *seen, int size);

/* Has the drain of samples that follows give memories to the sockets that the namespace has by now. */
API int loader__meet(const char *netns_path);

/*
 * Whether there is more to sweep: a drain of samples that finds none for now may leave some. `swept` receives a
 * `struct swept` (sweep-slice.h).
 */
API int loader__sweeping(unsigned char *swept, int size);

/*
 * Walks the file tables of all processes for the owners of sockets, to be called now and then. `holders` receives a
 * `struct netns_holder` (netns-holder.h) for every open namespace, as far as there is room. Returns bytes.
 */
API int loader__walk(unsigned char *holders, int size);

/* Writes a `struct netns_holder` for every network namespace that a task is in, as far as there is room. Returns bytes. */
API int loader__namespaces(unsigned char *holders, int size);

/*
 * Reads an element of the map of that name: `key` has 8 bytes, of which the first count where the map's keys are shorter; of a map
 * with an element for each processor, all of them. Returns bytes; -ENOENT without such a map or element.
 */
API int loader__map(const char *name, const unsigned char *key, unsigned char *value, int size);

/*
 * Puts a filter into a slot, in place of what is there; programs that run meet the old one or the new one. `filter` is
 * a `struct filter` (filter.h): its end is wall-clock, its unused steps go to FILTER_REJECT, its budget and counters
 * are set here. `rows_per_s` 0 is no budget; `burst` is how many rows may come at once.
 */
API int loader__filter(int slot, const unsigned char *filter, int size, int rows_per_s, int burst);

/* Takes a slot's filter away. */
API int loader__filter_clear(int slot);

/* `exclusive` 1: only rows that a live filter wants are written; 0: all are, and the head says which filters want it. */
API int loader__filter_mode(int exclusive);

/* Writes the `struct filter_counters` of a slot. Returns 1 when its end has passed, else 0. */
API int loader__filter_counters(int slot, unsigned char *counters, int size);

/* What a kind may write in a second when no filter wants the row, and at once. `rows_per_s` 0: whatever comes. */
API int loader__budget(int kind, int rows_per_s, int burst);

/*
 * Starts the thread that wakes a reader. Returns its end of a socket: for a byte written there, one comes back as soon as a
 * ring holds a row. The reader closes it.
 */
API int loader__waker(void);

/*
 * Whether what is left to do once hooks are attached, reading maps and opening sweeps, works with these capabilities alone
 * (16 hex digits, a bit each). Returns 0, or -EPERM.
 */
API int loader__suffices(const char *capabilities);

/*
 * Gives up all capabilities but `keep` (16 hex digits) in every thread and for good: nothing inheritable or ambient is
 * left, no_new_privs is set, and the bounding set is emptied where CAP_SETPCAP is held. Returns the number of threads;
 * -EPERM if one of them kept more.
 */
API int loader__restrict(const char *keep);

/* Events that reached no program because its CPU was in it already: lines "hook\tcount\n". Returns bytes. */
API int loader__misses(unsigned char *misses, int size);

/* Detaches and unloads everything. */
API int loader__close(void);

#endif
