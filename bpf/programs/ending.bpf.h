/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The close row of a connection whose process still has the socket, with data in it that can be read. Whether it will be read shows
 * later: the row waits until the socket goes or begins another connection, or until a sweep finds that it has waited long enough. All it
 * says is as of the end, but for what the process has read and written since and what was then left unread.
 */
#ifndef TCPLENS_ENDING_BPF_H
#define TCPLENS_ENDING_BPF_H

#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "connection_row.bpf.h"
#include "memory.bpf.h"
#include "ring.bpf.h"
#include "../rows/rows.h"
#include "tcp.bpf.h"

RING(connection);

/* A process that has not read it by then may be stopped, or never close: nobody shall miss the row for that. */
#define ENDING_WAITS_NS 5000000000ULL

/* A row that filters and budget let pass. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct connection_row);
} endings SEC(".maps");

static __always_inline bool can_be_read(const struct tcp_sock *tp)
{
	return payload_unread(tp) && !sock_flag(tp, bpf_core_enum_value(enum sock_flags, SOCK_DEAD));
}

/* From now on the row waits. */
static __always_inline void ending_wait(struct memory *memory)
{
	__sync_fetch_and_or(&memory->edition, EDITION_WAITS);
}

/* Writes it, once, whoever comes first. `unread`: what nobody can read any more. To the verifier both pointers may be NULL. */
__noinline int ending_tell(struct memory *memory, const struct connection_row *ending, __u32 unread)
{
	struct connection_row *row;

	if (!memory || !ending || !(__sync_fetch_and_and(&memory->edition, ~EDITION_WAITS) & EDITION_WAITS))
		return 0;
	row = row_reserve(&ring_connection, KIND_CONNECTION, sizeof(*row));
	if (row) {
		__builtin_memcpy(row, ending, sizeof(*row));
		fill_times(row, memory);
		row->unread = unread;
		row_submit(row);
	}
	memory_end(memory, EVENT_CLOSE);
	return 0;
}

#endif
