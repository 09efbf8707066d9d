/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The segments that programs saw sent again, by network namespace. They are compared with the kernel's TcpRetransSegs
 * (loader/netns.c reads both).
 */
#ifndef TCPLENS_LEDGER_BPF_H
#define TCPLENS_LEDGER_BPF_H

#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include "ring.bpf.h"
#include "../rows/rows.h"

/*
 * Keyed by the namespace's cookie, which is never used again. When the map is full the least recently used entry goes: mostly one
 * of a namespace that is gone.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, __u64);
} attributed SEC(".maps");

static __always_inline void ledger_attribute(__u64 netns, __u32 segments)
{
	__u64 *sum = bpf_map_lookup_elem(&attributed, &netns), none = 0;

	/* Two processors may meet a namespace for the first time at once. Only one of them makes the entry, and both add to it. */
	if (!sum) {
		bpf_map_update_elem(&attributed, &netns, &none, BPF_NOEXIST);
		sum = bpf_map_lookup_elem(&attributed, &netns);
	}
	if (sum)
		__sync_fetch_and_add(sum, segments);
	else
		count_no_storage(KIND_NAMESPACE);
}

#endif
