/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The C ABI that agent/loader.ts calls through ffi-rs. Only ints, strings and byte buffers of the caller cross it, since wider
 * values do not survive the crossing. There is one loader in a process, called from one thread. A negative result is -errno.
 */
#ifndef TCPLENS_LOADER_H
#define TCPLENS_LOADER_H

#define API __attribute__((visibility("default")))

/*
 * Loads the object with these bytes and attaches those of its programs that are in the list, which has commas. `constants` has what
 * the programs must know beforehand, "name=hexadecimal" with commas; `ring_bytes`, a power of two of at least a page, is the size
 * of the largest ring. `reasons` receives a text, ended by a zero: a line "program\treason\n" for each program that is not
 * attached, or one without a name if nothing is kept. Returns how many are attached; -EBUSY once it has started.
 */
API int loader__load(const unsigned char *object, int size, const char *name, const char *programs, const char *constants, int ring_bytes,
		     unsigned char *reasons, int reasons_size);

/* Opens what is needed to read and steer what was loaded. */
API int loader__start(void);

/* Moves whole rows of a kind into `rows` and makes their times wall-clock. Returns bytes; 0: no row waits. */
API int loader__drain(int kind, unsigned char *rows, int size);

/*
 * Counts rows from now on, wherever they are taken out, by a `struct tally_program` (tally_program.h), and forgets what was counted
 * before. Returns -EINVAL for a program that has another size or reaches outside its rows.
 */
API int loader__tally(const unsigned char *program, int size);

/*
 * Writes `struct tally_group`s (tally_program.h) from number `from` on, as many as fit; a group keeps its number. Returns bytes, or
 * -errno if counting has ended: -EPROTO if a ring held something that is no row of its kind.
 */
API int loader__tallied(int from, unsigned char *groups, int size);

/*
 * From now on a thread takes out the rows of all events and has them counted, every so many ms while there are any; loader__drain()
 * then gives only the rows of sweeps.
 */
API int loader__count(int interval_ms);

/*
 * Looks into the namespace behind `netns_path` (empty: the caller's own). `first` says that a round over all namespaces begins with
 * it; then a sweep over the sockets of all of them begins too, which draining the kind `sample` carries on. `seen` receives a
 * `struct netns_look` (netns-look.h) and the texts that follow it. Returns bytes.
 */
API int loader__sweep(const char *netns_path, int first, unsigned char *seen, int size);

/* The next drains of samples give memories to the sockets that the namespace has by now. */
API int loader__meet(const char *netns_path);

/*
 * Whether the sweep goes on: a drain of samples that finds none does not yet mean its end. `swept` receives a `struct swept`
 * (sweep-slice.h).
 */
API int loader__sweeping(unsigned char *swept, int size);

/*
 * Walks the file tables of all processes for the owners of sockets; to be called now and then. `holders` receives a `struct
 * netns_holder` (netns-holder.h) for every open namespace, as far as there is room. Returns bytes.
 */
API int loader__walk(unsigned char *holders, int size);

/* Writes a `struct netns_holder` for every network namespace that a task is in, as far as there is room. Returns bytes. */
API int loader__namespaces(unsigned char *holders, int size);

/*
 * Reads an element of the map of that name. `key` has 8 bytes, of which a map with shorter keys uses the first ones. If the map has
 * an element for each processor, all of them are read. Returns bytes; -ENOENT without such a map or element.
 */
API int loader__map(const char *name, const unsigned char *key, unsigned char *value, int size);

/*
 * Puts a filter into a slot, in place of the one that is there; a running program meets the old filter or the new one, never a
 * mixture. `filter` is a `struct filter` (filter.h). Its end is in wall-clock time and its unused steps go to FILTER_REJECT; its
 * budget and counters are set here. `rows_per_s` 0 is no limit; `burst` is how many rows may come at once. `only_details` 1: only rows
 * that loader__detail() has written are asked, and those that its budget withholds are in no count of rows.
 */
API int loader__filter(int slot, const unsigned char *filter, int size, int rows_per_s, int burst, int only_details);

/* Takes a slot's filter away. */
API int loader__filter_clear(int slot);

/* `exclusive` 1: only rows that a live filter wants are written; 0: all are, and the head says which filters want it. */
API int loader__filter_mode(int exclusive);

/* From now on the filter in slot FILTER_SCOPE is the scope: rows that it does not want are not written; others are as if it were not there, but for its bit. */
API int loader__filter_scope(void);

/*
 * Has rows of a kind that is written only on demand (rows/detail.h) written for what the filters in these slots want, a bit each. While
 * there are none, its programs are detached. Returns -ENOENT if this kernel cannot run them, -EINVAL for any other kind.
 */
API int loader__detail(int kind, int slots);

/* Has the stack rows of these slots, a bit each, also say the stack of the socket's process. */
API int loader__user_stacks(int slots);

/*
 * Writes the `struct filter_counters` of a slot; of a cleared one what it came to, until it is used again. Returns 1 when its end has
 * passed, else 0.
 */
API int loader__filter_counters(int slot, unsigned char *counters, int size);

/*
 * How many rows of a kind may be written in a second, and at once, that no filter wants. `rows_per_s` 0: no limit; `burst` 0 beside
 * another `rows_per_s`: none.
 */
API int loader__budget(int kind, int rows_per_s, int burst);

/*
 * Starts the thread that wakes a reader. Returns the reader's end of a socket, which the reader closes. For a byte written there
 * one comes back as soon as a ring holds a row.
 */
API int loader__waker(void);

/*
 * Whether these capabilities (16 hex digits, a bit each) are enough for what is left to do once hooks are attached: to read maps
 * and to open sweeps. Returns 0, or -EPERM.
 */
API int loader__suffices(const char *capabilities);

/*
 * Gives up all capabilities but `keep` (16 hex digits), in every thread and for good: nothing inheritable or ambient is left,
 * no_new_privs is set, and the bounding set is emptied if CAP_SETPCAP is held. Returns the number of threads; -EPERM if a thread
 * kept more.
 */
API int loader__restrict(const char *keep);

/* Writes lines "hook\tcount\n": how many events reached no program because its processor was in it already. Returns bytes. */
API int loader__misses(unsigned char *misses, int size);

/* Detaches and unloads everything. */
API int loader__close(void);

#endif
