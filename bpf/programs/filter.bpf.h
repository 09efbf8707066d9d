/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The filters that are live, up to FILTER_SLOTS, and which of them want a row. The program that is about to make a row
 * has its head filled, puts what a filter can ask beyond the head into a struct filter_facts, and calls row_begin()
 * (ring.bpf.h), which asks filter_match().
 *
 * A filter is an inner map of `filters`. The loader fills a new one and then puts it into its slot: no program meets
 * half of it, and the kernel frees the old one when no program can still be in it.
 */
#ifndef TCPLENS_FILTER_BPF_H
#define TCPLENS_FILTER_BPF_H

#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include "../rows/filter_eval.h"
#include "../rows/rows.h"

/* In what filter_match() returns, beside a bit a slot. */
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

/* One word: a bit for each slot in use, and FILTER_EXCLUSIVE. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} filter_control SEC(".maps");

/*
 * Both functions below are global: the verifier looks at each once, and not again for every slot and on every path that
 * leads to them; and what they keep is on stacks of their own.
 */

/* 1: the filter wants the row. FILTER_SPENT: it would, and its budget is spent. */
__noinline __u32 filter_run(__u32 slot, __u64 now_ns, const struct filter_words *words)
{
	void *inner = bpf_map_lookup_elem(&filters, &slot);
	__u32 key = 0;
	struct filter *filter;

	if (!inner || !words)
		return 0;
	filter = bpf_map_lookup_elem(inner, &key);
	if (!filter || now_ns >= filter->end_ns)
		return 0;
	__sync_fetch_and_add(&filter->counters.evaluated, 1);
	if (!filter_eval(filter, words))
		return 0;
	__sync_fetch_and_add(&filter->counters.matched, 1);
	if (!budget_take(&filter->budget, now_ns)) {
		__sync_fetch_and_add(&filter->counters.over_budget, 1);
		return FILTER_SPENT;
	}
	__sync_fetch_and_add(&filter->counters.passed, 1);
	return 1;
}

/* Asks every live filter. */
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

/* The word of filter_control: FILTER_BITS of it are filters that have to be asked. */
static __always_inline __u32 filters_live(void)
{
	__u32 key = 0;
	__u32 *control = bpf_map_lookup_elem(&filter_control, &key);

	return control ? *control : 0;
}

/*
 * Which of the `live` filters want a row with this head: their bits, with FILTER_BASE where rows are written whatever the
 * filters say. Without either the row is not to be written: 0, no filter wants it; FILTER_SPENT, one does and has spent its
 * budget. `head->time_ns` is now.
 */
static __always_inline __u32 filter_match(const struct row_head *head, const struct filter_facts *facts, __u32 live)
{
	return (live & FILTER_EXCLUSIVE ? 0 : FILTER_BASE) | filter_ask(head, facts, live);
}

#endif
