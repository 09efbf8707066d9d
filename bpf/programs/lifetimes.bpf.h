/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPLENS_LIFETIMES_BPF_H
#define TCPLENS_LIFETIMES_BPF_H

#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include "count.bpf.h"
#include "../rows/lifetimes.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct lifetimes);
} lifetimes SEC(".maps");

static __always_inline struct lifetimes *lifetimes_here(void)
{
	__u32 only = 0;

	return bpf_map_lookup_elem(&lifetimes, &only);
}

/* `begun` is 0 or 1. It is added without a branch: the verifier would follow both sides of one through all that comes after it. */
static __always_inline void lifetime_begins(__u64 begun)
{
	struct lifetimes *count = lifetimes_here();

	if (count)
		count_some(&count->begun, begun);
}

static __always_inline void lifetime_ends(__u64 ended, __u64 unopened)
{
	struct lifetimes *count = lifetimes_here();

	if (!count)
		return;
	count_some(&count->ended, ended);
	count_some(&count->unopened, unopened);
}

#endif
