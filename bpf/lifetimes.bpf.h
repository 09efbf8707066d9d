/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPLENS_LIFETIMES_BPF_H
#define TCPLENS_LIFETIMES_BPF_H

#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include "count.bpf.h"
#include "lifetimes.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct lifetimes);
} lifetimes SEC(".maps");

static __always_inline void lifetime_begins(void)
{
	__u32 only = 0;
	struct lifetimes *count = bpf_map_lookup_elem(&lifetimes, &only);

	if (count)
		count_one(&count->begun);
}

static __always_inline void lifetime_ends(bool is_unopened)
{
	__u32 only = 0;
	struct lifetimes *count = bpf_map_lookup_elem(&lifetimes, &only);

	if (!count)
		return;
	count_one(&count->ended);
	if (is_unopened)
		count_one(&count->unopened);
}

#endif
