/* SPDX-License-Identifier: GPL-2.0-only */
/* What loader.c, constants.c and reader.c share. */
#ifndef TCPLENS_LOADER_STATE_H
#define TCPLENS_LOADER_STATE_H

#include <bpf/libbpf.h>
#include "rows.h"

#define SWEEPS_MAX 4096 /* namespaces in one sweep */

struct reader {
	struct ring_buffer *rings[KIND_COUNT];
	int counters_fd;
	struct bpf_link *sample_link;
	struct bpf_link *owner_link;
	int sweeps[SWEEPS_MAX]; /* iterator fds still to be read, the last one first */
	int sweep_count;
};

int reader__open_rings(struct reader *reader, const int ring_fds[KIND_COUNT]);
int reader__walk_owners(struct reader *reader);
void reader__close(struct reader *reader);
int row_size(int kind);

/* Sets the `const volatile` of an object that is open and not yet loaded. */
void constants__set(struct bpf_object *object, struct bpf_map *rodata, unsigned long long host_id);

extern struct reader the_reader;

#endif
