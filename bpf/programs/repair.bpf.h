/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of a connection's memory that is about retransmissions: how it is found and made, and what is computed from it. */
#ifndef TCPLENS_REPAIR_BPF_H
#define TCPLENS_REPAIR_BPF_H

#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include "doubt.bpf.h"
#include "memory_layout.bpf.h"
#include "../rows/rows.h"

/* NULL: the connection has not retransmitted yet, or the kernel had no room. */
static __always_inline struct repair *repair_of(struct tcp_sock *tp, const struct memory *memory)
{
	return memory->has_repair ? bpf_sk_storage_get(&repairs, tp, 0, 0) : NULL;
}

static __always_inline void repair_begin(struct repair *repair, struct memory *memory, const struct tcp_sock *tp)
{
	if (memory->preexisting) {
		tell(&repair->told_retransmit, &repair->doubt, tp);
		tell(&repair->told_congestion, &repair->doubt, tp);
		repair->told_retrans = memory->total_retrans;
	}
	memory->has_repair = 1;
}

/*
 * Finds a connection's repair, or makes it. One that is there while has_repair is not set is left from an earlier connection on the
 * same socket, and is cleared. For a connection older than the programs, rows report what comes from now on.
 */
static __always_inline struct repair *repair_make(struct tcp_sock *tp, struct memory *memory)
{
	struct repair *repair = bpf_sk_storage_get(&repairs, tp, 0, BPF_SK_STORAGE_GET_F_CREATE);

	if (!repair || memory->has_repair)
		return repair;
	__builtin_memset(repair, 0, sizeof(*repair));
	repair_begin(repair, memory, tp);
	return repair;
}

/*
 * The same for a sweep, which holds no lock and must not clear what an event may be using. The kernel makes a new repair empty, and
 * an event that comes meanwhile finds it. One from an earlier connection is left for the next event.
 */
static __always_inline struct repair *repair_make_unlocked(struct tcp_sock *tp, struct memory *memory)
{
	struct repair *repair = bpf_sk_storage_get(&repairs, tp, 0, 0);

	if (repair)
		return memory->has_repair ? repair : NULL;
	repair = bpf_sk_storage_get(&repairs, tp, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (repair)
		repair_begin(repair, memory, tp);
	return repair;
}

/* Segments sent again that DSACKs or undos show were not needed. */
static __always_inline __u32 spurious_of(const struct repair *repair, const struct tcp_sock *tp)
{
	return retrans_spurious(repair ? repair->doubt.undone : 0, tp->dsack_dups, tp->total_retrans);
}

/*
 * Segments that the socket counted as sent again and that no retransmit row accounts for. `attributed`: those older than the
 * programs.
 */
static __always_inline __u32 unattributed_of(const struct repair *repair, __u32 attributed, __u32 total_retrans)
{
	if (repair) {
#pragma unroll
		for (int class = 0; class < CLASS_COUNT; class++)
			attributed += repair->retrans[class];
	}
	return total_retrans > attributed ? total_retrans - attributed : 0;
}

#endif
