/* SPDX-License-Identifier: GPL-2.0-only */
/* How many rows of each kind may be written in a second, so that a flood of one kind harms neither this host nor the collector. */
#ifndef TCPLENS_BUDGET_BPF_H
#define TCPLENS_BUDGET_BPF_H

#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include "../rows/budget.h"
#include "../rows/rows.h"

/* Set by loader__budget(). The kernel makes the entries all zero, which is no limit. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, KIND_COUNT);
	__type(key, __u32);
	__type(value, struct budget);
} budgets SEC(".maps");

/* False if the kind's budget is spent. */
static __always_inline bool budget_spend(__u32 kind, __u64 now_ns)
{
	struct budget *budget = bpf_map_lookup_elem(&budgets, &kind);

	return !budget || budget_take(budget, now_ns);
}

#endif
