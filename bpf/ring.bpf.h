/* SPDX-License-Identifier: GPL-2.0-only */
/* One ring a kind, so that a flood of one cannot push out another, and one set of counters a kind. */
#ifndef TCPLENS_RING_BPF_H
#define TCPLENS_RING_BPF_H

#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include "rows.h"

/* The loader sets the size of every ring and polls: a submit never wakes user space. */
#define RING(kind)                                      \
	struct {                                        \
		__uint(type, BPF_MAP_TYPE_RINGBUF);     \
		__uint(max_entries, 4096);              \
	} ring_##kind SEC(".maps")

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, KIND_COUNT);
	__type(key, __u32);
	__type(value, struct kind_counters);
} counters SEC(".maps");

static __always_inline struct kind_counters *counters_of(__u32 kind)
{
	return bpf_map_lookup_elem(&counters, &kind);
}

/* A zeroed row to fill, or NULL where the ring is full; either way it is counted. */
static __always_inline void *row_reserve(void *ring, __u32 kind, __u64 size)
{
	struct kind_counters *count = counters_of(kind);
	void *row = bpf_ringbuf_reserve(ring, size, 0);

	if (count) {
		if (row)
			count->written++;
		else
			count->ring_lost++;
	}
	if (row)
		__builtin_memset(row, 0, size);
	return row;
}

static __always_inline void row_submit(void *row)
{
	bpf_ringbuf_submit(row, BPF_RB_NO_WAKEUP);
}

#endif
