/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The close row of a connection whose process still has the socket, with unread data in it. Whether that will be read shows only
 * later. So the row waits until the socket goes or begins another connection, or until a sweep finds that it has waited long
 * enough. Its members are as of the connection's end, except `unread` and what reads and writes have changed since.
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

/* The longest wait: a process may be stopped or never close its socket, and the row must come all the same. */
#define ENDING_WAITS_NS 5000000000ULL

/* The close rows that wait. Filters and budget have already let them pass. */
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

static __always_inline void ending_wait(struct memory *memory)
{
	__sync_fetch_and_or(&memory->edition, EDITION_WAITS);
}

/*
 * Writes the row that waits. Several programs may call this; only the first call writes. `unread`: bytes that nobody can read any
 * more. A global function: the verifier checks it once, not at each call, and assumes that any pointer may be NULL.
 */
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
