/* SPDX-License-Identifier: GPL-2.0-only */
/* Rows that are written only where an investigation asks for them: which filters do, and what such a row costs these. */
#ifndef TCPLENS_DETAIL_BPF_H
#define TCPLENS_DETAIL_BPF_H

#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include "filter.bpf.h"
#include "ring.bpf.h"
#include "../rows/detail.h"
#include "../rows/rows.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, KIND_COUNT);
	__type(key, __u32);
	__type(value, struct detail);
} details SEC(".maps");

static __always_inline struct detail *detail_of(__u32 kind)
{
	return bpf_map_lookup_elem(&details, &kind);
}

/* Has each of these filters pay for a row. Returns the bits of those that can. A row that none can pay for is counted
 * as withheld, if one wants it that is asked about all rows: what is wanted only in detail is wanted by nobody who counts. */
__noinline __u32 detail_pay(__u32 kind, __u32 wanted, __u64 now_ns)
{
	struct kind_counters *count;
	__u32 live = filters_live();
	bool is_spent = false;
	__u32 paid = 0;

	for (__u32 slot = 0; slot < FILTER_SLOTS; slot++) {
		__u32 answer;

		if (!(wanted & (1U << slot)))
			continue;
		answer = filter_charge(slot, now_ns);
		paid |= (answer & 1) << slot;
		is_spent |= answer == FILTER_SPENT && live & (1U << slot);
	}
	count = counters_of(kind);
	if (!paid && is_spent && count)
		count_one(&count->withheld);
	return paid;
}

#endif
