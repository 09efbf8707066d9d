/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the loader have of each other. */
#ifndef TCPLENS_LOADER_STATE_H
#define TCPLENS_LOADER_STATE_H

#include <bpf/libbpf.h>
#include <pthread.h>
#include "rows.h"

#define WARNING_BYTES 256
#define SWEEPS_MAX 4096 /* namespaces in one sweep */

struct reader {
	struct ring *rings[KIND_COUNT];
	int counters_fd;
	int attributed_fd; /* segments seen sent again, by namespace */
	__u64 host_id;
	struct bpf_link *sample_link;
	struct bpf_link *preexisting_link;
	struct bpf_link *owner_link;
	struct bpf_link *netns_link;
};

int reader__open_rings(struct reader *reader, const int ring_fds[KIND_COUNT]);
/* Counts the rows of a ring and hands out none. Returns how many; -EPROTO where it holds what is no row of the kind. */
int reader__count(int kind);
void reader__close(struct reader *reader);
/* -EINVAL for what is no kind. */
int row_size(int kind);

/* NULL with errno. */
struct ring *ring__open(int map_fd);
/* Readable when it holds a row. */
int ring__fd(const struct ring *ring);
/*
 * A walk over the rows that are there as it begins, until one that is still being written. What it has passed is free for
 * the kernel at its end; until then the rows are where they are.
 */
struct ring_walk {
	unsigned long at, end;
	bool is_broken; /* what came next was no row of the size */
};

struct ring_walk ring__begin(const struct ring *ring);
/* NULL after the last row. */
const unsigned char *ring__next(struct ring *ring, struct ring_walk *walk, int row_size);
void ring__end(struct ring *ring, const struct ring_walk *walk);
void ring__close(struct ring *ring);

/* Added to CLOCK_BOOTTIME it gives the wall clock, as of now. */
__u64 clock_offset_ns(void);
struct load_options {
	const char *directory;
	const char *refuse; /* hooks not to try, with commas */
	unsigned long long host_id;
	int ring_bytes;
};

struct btf;

/* libbpf's last warning since it was cleared, as one line. */
void warning__listen(void);
void warning__clear(void);
void warning__set(const char *text);
const char *warning__text(void);

/* The programs and where they are attached. */
void hooks__probe(const struct btf *btf);
int hooks__load(const struct load_options *options);
bool hooks__are_loaded(void);
struct bpf_link *hooks__link(const char *program);
void hooks__blame(const char *program, const char *stage, int error);
int hooks__report(char *to, int size);
int hooks__misses(char *to, int size);
void hooks__close(void);

/* Prepares the maps of an object that is open, and keeps them when it is loaded. */
void maps__configure(struct bpf_object *object, const struct load_options *options);
void maps__remember(struct bpf_object *object);
void maps__rings(int fds[KIND_COUNT]);
void maps__forget(void);
/* The descriptor of a map that the objects share, by its name; -1 without one. */
int shared_map(const char *name);

/* Counts the arguments of tracepoints in the running kernel's BTF, for constants__set() and for the report. */
void constants__probe(const struct btf *btf);
/* A tracepoint's arguments, 0 where this kernel has no such tracepoint. */
int constants__arguments(const struct btf *btf, const char *tracepoint);
int constants__report(char *to, int size);
/* Sets the `const volatile` of an object that is open and not yet loaded. */
void constants__set(struct bpf_object *object, struct bpf_map *rodata, unsigned long long host_id);

/* Names for the numbers in rows, from the running kernel. */
void names__open(const struct btf *btf);
bool names__has(int kind);
void names__fill(int kind, unsigned char *row);
int names__list(char *to, int size);
void names__close(void);

/* The counters of the network namespace that the caller is in. */
void netstat__read(struct namespace_row *row);
void netstat__subtract(struct namespace_row *row, const struct namespace_row *earlier);

/* The rows of kind `namespace`: begun with every round, entered namespace by namespace, drained as other rows are. */
void ledger__begin(void);
/* Returns whether the namespace is met for the first time. */
bool ledger__enter(__u64 cookie, __u64 host_id, int attributed_map);
int ledger__drain(unsigned char *rows, int size);
const struct kind_counters *ledger__counters(void);
void ledger__close(void);

/* Shares a namespace's ListenOverflows out to its listeners: begun with every round, told what each namespace has counted. */
void overflows__begin(void);
void overflows__counted(__u64 netns, __u64 gain);
/* Completes `overflows`, in which the program has put those that it saw. */
void overflows__row(struct listener_row *row);
void overflows__close(void);

/* Filters and budgets, set while the programs run. */
void filters__open(void);
void filters__close(void);

/* Around a sweep: `alive` is how many connections it met. */
void lifetimes__before_sweep(void);
void lifetimes__after_sweep(__u64 alive, bool is_in_slices);
/* At least so many rows nobody could write: the first or last of a connection that no program saw begin or end. Never falls. */
__u64 lifetimes__missed(void);
void lifetimes__close(void);

/* Rows of kind `sample`, from the sweeps that are open. */
int sweep__drain(unsigned char *rows, int size);
void sweep__close(void);

/* Counts a row that is whole, by the program that loader__tally() was given. */
void tally__row(int kind, const unsigned char *row);
struct tally_program;
bool tally__is_sound(const struct tally_program *program);
void tally__close(void);

/* Notes who appears in it. */
void met__row(const unsigned char *row);
void met__close(void);

/* The thread that counts where nobody reads. Counting is one thread's at a time. */
void counter__lock(void);
void counter__unlock(void);
/* Whether it takes the rows of a kind. */
bool counter__has(int kind);
/* Counts what waits, within the lock; returns rows. */
int counter__count(void);
void counter__close(void);

/* Rows of that kind wake nobody any more. */
void waker__ignore(int kind);
void waker__close(void);

/* Starts a thread that meets no signals. Returns an errno. */
int thread__start(pthread_t *thread, void *(*run)(void *), const char *name);

/* NULL where the file is not one of this loader's, with errno and a warning. */
struct bpf_object *object__open(const char *path, const char *name);

extern struct reader the_reader;

#endif
