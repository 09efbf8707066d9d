/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of the loader have of each other. */
#ifndef TCPLENS_LOADER_STATE_H
#define TCPLENS_LOADER_STATE_H

#include <bpf/libbpf.h>
#include "rows.h"

#define WARNING_BYTES 256
#define SWEEPS_MAX 4096 /* namespaces in one sweep */

struct reader {
	struct ring *rings[KIND_COUNT];
	int counters_fd;
	int attributed_fd; /* segments seen sent again, by namespace */
	__u64 host_id;
	struct bpf_link *sample_link;
	struct bpf_link *owner_link;
	struct bpf_link *netns_link;
};

int reader__open_rings(struct reader *reader, const int ring_fds[KIND_COUNT]);
void reader__close(struct reader *reader);
int row_size(int kind);

/* NULL with errno. */
struct ring *ring__open(int map_fd);
/* Readable when it holds a row. */
int ring__fd(const struct ring *ring);
/* Moves whole rows; returns bytes, -EPROTO when the next is no row of this size. */
int ring__drain(struct ring *ring, unsigned char *rows, int size, int row_size);
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
void names__fill(int kind, unsigned char *row);
int names__list(char *to, int size);
void names__close(void);

/* The counters of the network namespace that the caller is in. */
void netstat__read(struct namespace_row *row);
void netstat__subtract(struct namespace_row *row, const struct namespace_row *earlier);

/* The rows of kind `namespace`: begun with every round, entered namespace by namespace, drained as other rows are. */
void ledger__begin(void);
void ledger__enter(__u64 cookie, __u64 host_id, int attributed_map);
int ledger__drain(unsigned char *rows, int size);
const struct kind_counters *ledger__counters(void);
void ledger__close(void);

/* Filters and budgets, set while the programs run. */
void filters__open(void);
void filters__close(void);

/* Rows of kind `sample`, from the sweeps that are open. */
int sweep__drain(unsigned char *rows, int size);
void sweep__close(void);

void waker__close(void);

/* NULL where the file is not one of this loader's, with errno and a warning. */
struct bpf_object *object__open(const char *path, const char *name);

extern struct reader the_reader;

#endif
