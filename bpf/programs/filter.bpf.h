/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The filters that are live, up to FILTER_SLOTS, and which of them want a row. A program that is about to make a row fills its
 * head, puts what a filter can ask beyond the head into a struct filter_facts, and calls row_begin() (ring.bpf.h), which calls
 * filter_match().
 *
 * A filter is an inner map of `filters`. The loader fills a new one and then puts it into its slot: no program meets a filter that
 * is half filled, and the kernel frees the old one only when no program can still be using it.
 */
#ifndef TCPLENS_FILTER_BPF_H
#define TCPLENS_FILTER_BPF_H

#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include "../rows/filter_eval.h"
#include "../rows/rows.h"

/* What filter_match() returns: a bit for each slot, and these two. */
#define FILTER_BITS ((1U << FILTER_SLOTS) - 1)
#define FILTER_BASE (1U << 31)  /* rows are written whatever the filters say */
#define FILTER_SPENT (1U << 30) /* a filter wants the row and its budget is spent */

struct filter_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct filter)); /* clang leaves the type of an inner map's value out of the BTF */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, FILTER_SLOTS);
	__type(key, __u32);
	__array(values, struct filter_map);
} filters SEC(".maps");

/* One word: a bit for each slot in use, FILTER_EXCLUSIVE and FILTER_SCOPED. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} filter_control SEC(".maps");

/*
 * The functions below are global: the verifier checks each once, not for every slot and on every path that leads to it, and
 * each has its own stack frame.
 */

/* The filter of a slot while it is live, else NULL. */
static __always_inline struct filter *filter_in(__u32 slot, __u64 now_ns)
{
	void *inner = bpf_map_lookup_elem(&filters, &slot);
	__u32 key = 0;
	struct filter *filter;

	if (!inner)
		return NULL;
	filter = bpf_map_lookup_elem(inner, &key);
	return filter && now_ns < filter->end_ns ? filter : NULL;
}

/* Has a filter pay for a row that it wants. Returns 1, or FILTER_SPENT if its budget is spent. */
static __always_inline __u32 filter_pay(struct filter *filter, __u64 now_ns)
{
	__sync_fetch_and_add(&filter->counters.matched, 1);
	if (!budget_take(&filter->budget, now_ns)) {
		__sync_fetch_and_add(&filter->counters.over_budget, 1);
		return FILTER_SPENT;
	}
	__sync_fetch_and_add(&filter->counters.passed, 1);
	return 1;
}

static __always_inline bool filter_asked(struct filter *filter, const struct filter_words *words)
{
	__sync_fetch_and_add(&filter->counters.evaluated, 1);
	return filter_eval(filter, words);
}

/* Whether the filter wants rows with these facts; nothing is paid. */
__noinline int filter_test(__u32 slot, __u64 now_ns, const struct filter_words *words)
{
	struct filter *filter = filter_in(slot, now_ns);

	return filter && words && filter_asked(filter, words);
}

/* Has the slot's filter pay for a row that it wants. Returns 1, FILTER_SPENT if its budget is spent, or 0 if it is not live any more. */
__noinline __u32 filter_charge(__u32 slot, __u64 now_ns)
{
	struct filter *filter = filter_in(slot, now_ns);

	return filter ? filter_pay(filter, now_ns) : 0;
}

/*
 * Both in one: returns 1 if the filter wants the row, FILTER_SPENT if it wants it and its budget is spent, else 0. It calls neither of
 * them, since older kernels add up the stacks of all frames.
 */
__noinline __u32 filter_run(__u32 slot, __u64 now_ns, const struct filter_words *words)
{
	struct filter *filter = filter_in(slot, now_ns);

	return filter && words && filter_asked(filter, words) ? filter_pay(filter, now_ns) : 0;
}

/* Returns a bit for each live filter that wants the row, and FILTER_SPENT if one has spent its budget. */
__noinline __u32 filter_ask(const struct row_head *head, const struct filter_facts *facts, __u32 live)
{
	struct filter_words words;
	__u32 wanted = 0;

	if (!head || !facts)
		return 0;
	filter_words_of(&words, head, facts);
	for (__u32 slot = 0; slot < FILTER_SLOTS; slot++) {
		__u32 answer;

		if (!(live & (1U << slot)))
			continue;
		answer = filter_run(slot, head->time_ns, &words);
		wanted |= (answer & FILTER_SPENT) | (answer & 1) << slot;
	}
	return wanted;
}

/* Reads filter_control. The FILTER_BITS of it are the filters that have to be asked. */
static __always_inline __u32 filters_live(void)
{
	__u32 key = 0;
	__u32 *control = bpf_map_lookup_elem(&filter_control, &key);

	return control ? *control : 0;
}

/*
 * Returns the bits of the `live` filters that want a row with this head, and FILTER_BASE if rows are written whatever the filters
 * say. Without any of these bits the row must not be written: at 0 no filter wants it, at FILTER_SPENT one does and has spent its
 * budget. `head->time_ns` must be now.
 */
static __always_inline __u32 filter_match(const struct row_head *head, const struct filter_facts *facts, __u32 live)
{
	return (live & FILTER_EXCLUSIVE ? 0 : FILTER_BASE) | filter_ask(head, facts, live);
}

#endif
