/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The only way for a row to leave a program: past the filters and its kind's budget into the kind's own ring, so that a flood of
 * one kind cannot push out another. Whatever becomes of the row, it is counted once.
 */
#ifndef TCPLENS_RING_BPF_H
#define TCPLENS_RING_BPF_H

#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include "budget.bpf.h"
#include "count.bpf.h"
#include "filter.bpf.h"
#include "../rows/rows.h"

/* The loader sets the size of every ring. */
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

/* Counts an event whose connection could get no memory: its row lacks owner and deltas. */
static __always_inline void count_no_storage(__u32 kind)
{
	struct kind_counters *count = counters_of(kind);

	if (count)
		count_one(&count->no_storage);
}

/* What row_ask() may return beside the word of filter_control: no filter has to be asked, and the kind's budget has paid. */
#define ROW_PAID (1U << 29)

/*
 * The two functions below are global: the verifier checks each once, and not again on every path that leads to a row.
 *
 * row_ask() tells, before the head is made, whether a row of this kind can be written at all: most rows that a budget withholds
 * cost no more than this. 0: it cannot, and the row is counted. Any other value goes to row_wanted() as `asked`.
 */
__noinline __u32 row_ask(__u32 kind, __u64 now_ns)
{
	__u32 live = filters_live();
	struct kind_counters *count;

	if (live & FILTER_BITS)
		return live;
	if (!(live & FILTER_EXCLUSIVE) && budget_spend(kind, now_ns))
		return ROW_PAID;
	count = counters_of(kind);
	if (count) {
		if (live & FILTER_EXCLUSIVE)
			count_one(&count->filtered);
		else
			count_one(&count->withheld);
	}
	return 0;
}

/*
 * Whether a row with this head is to be written; marks in the head which filters want it. A row that a filter wants is paid from
 * the filter's budget, not from its kind's, so a flood cannot hide what somebody looks for; the scope's filter pays for none. The
 * verifier assumes that both pointers may be NULL.
 */
__noinline int row_wanted(struct row_head *head, __u32 kind, const struct filter_facts *facts, __u32 asked)
{
	__u32 scope = asked & FILTER_SCOPED ? 1U << FILTER_SCOPE : 0;
	struct kind_counters *count;
	__u32 wanted;

	if (!head || !facts)
		return false;
	head->kind = kind;
	if (asked == ROW_PAID)
		return true;
	wanted = filter_match(head, facts, asked);
	if ((wanted & scope) != scope)
		wanted = 0;
	head->filters = wanted & FILTER_BITS;
	if ((head->filters & ~scope) || ((wanted & FILTER_BASE) && budget_spend(kind, head->time_ns)))
		return true;
	wanted &= ~scope;
	count = counters_of(kind);
	if (count) {
		if (wanted)
			count_one(&count->withheld);
		else
			count_one(&count->filtered);
	}
	return false;
}

/*
 * Reserves room for a row, or returns NULL if the ring is full. Each path through this function tests the pointer once. Verifiers
 * before 6.2 do not remember the first test at a second one, and then see a row that is never submitted. The barrier keeps the
 * compiler from joining the paths, which would need a second test.
 */
static __always_inline void *row_reserve(void *ring, enum kind kind, __u64 size)
{
	struct kind_counters *count = counters_of(kind);
	void *row = bpf_ringbuf_reserve(ring, size, 0);

	if (!row) {
		if (count)
			count_one(&count->ring_lost);
		asm volatile("" ::: "memory");
		return NULL;
	}
	if (count)
		count_one(&count->written);
	return row;
}

/* Writes the head, and zeroes behind it. */
static __always_inline void row_start(void *row, __u64 size, const struct row_head *head)
{
	*(struct row_head *)row = *head; /* by assignment: the compiler knows the alignment */
	__builtin_memset((__u64 *)row + sizeof(*head) / sizeof(__u64), 0, size - sizeof(*head));
}

/* A row with this head, or NULL where it is not wanted or the ring is full. */
static __always_inline void *row_make(void *ring, enum kind kind, __u64 size, struct row_head *head,
				      const struct filter_facts *facts, __u32 asked)
{
	void *row = row_wanted(head, kind, facts, asked) ? row_reserve(ring, kind, size) : NULL;

	if (row)
		row_start(row, size, head);
	return row;
}

/* row_ask() and row_make() in one, for rows whose head costs little or that are rare. */
static __always_inline void *row_begin(void *ring, enum kind kind, __u64 size, struct row_head *head,
				       const struct filter_facts *facts)
{
	__u32 asked = row_ask(kind, head->time_ns);

	return asked ? row_make(ring, kind, size, head, facts, asked) : NULL;
}

/*
 * Without flags the kernel notifies only for the first row after the reader has caught up. That wakes a reader only while it sleeps
 * (loader/waker.c).
 */
static __always_inline void row_submit(void *row)
{
	bpf_ringbuf_submit(row, 0);
}

#endif
