/* SPDX-License-Identifier: GPL-2.0-only */
/* Connections that reached each listener: counted where one is established, read where the listener is swept. */
#ifndef TCPLENS_LISTENER_BPF_H
#define TCPLENS_LISTENER_BPF_H

#include "kernel.h"
#include <bpf/bpf_helpers.h>

/* Keyed by the listener's cookie. Least recently used go first: those of listeners that are gone. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, __u64);
} accepted SEC(".maps");

static __always_inline void count_accepted(__u64 listener_id)
{
	__u64 *count = bpf_map_lookup_elem(&accepted, &listener_id), none = 0;

	if (!count && listener_id) {
		bpf_map_update_elem(&accepted, &listener_id, &none, BPF_NOEXIST);
		count = bpf_map_lookup_elem(&accepted, &listener_id);
	}
	if (count)
		__sync_fetch_and_add(count, 1);
}

static __always_inline __u32 listener_accepted(__u64 listener_id)
{
	__u64 *count = bpf_map_lookup_elem(&accepted, &listener_id);

	return count ? *count : 0;
}

#endif
