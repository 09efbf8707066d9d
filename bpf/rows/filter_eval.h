/* SPDX-License-Identifier: GPL-2.0-only */
/* Evaluates a filter. It is pure C, so that a test on the host runs the very code that runs in the kernel. */
#ifndef TCPLENS_FILTER_EVAL_H
#define TCPLENS_FILTER_EVAL_H

#include "filter.h"

#define FILTER_INLINE static inline __attribute__((always_inline))

/*
 * Eight bytes as a number, the first byte highest. Rows hold addresses and names from left to right, as text does, so the numbers
 * compare as the text would.
 */
FILTER_INLINE __u64 filter_word(const __u8 *bytes)
{
	__u64 word;

	__builtin_memcpy(&word, bytes, sizeof(word));
	return __builtin_bswap64(word);
}

FILTER_INLINE void filter_words_of(struct filter_words *words, const struct row_head *head, const struct filter_facts *facts)
{
	words->facts = *facts;
	words->kind = head->kind;
	words->role = head->role;
	words->state = head->state;
	words->pad = 0;
	words->local_port = head->local_port;
	words->peer_port = head->peer_port;
	words->pid = head->pid;
	words->uid = head->uid;
	words->srtt_us = head->srtt_us;
	words->pad_words = 0;
	words->cgroup_id = head->cgroup_id;
	words->netns = head->netns;
	words->local_addr_high = filter_word(head->local_addr);
	words->local_addr_low = filter_word(head->local_addr + 8);
	words->peer_addr_high = filter_word(head->peer_addr);
	words->peer_addr_low = filter_word(head->peer_addr + 8);
	words->comm_high = filter_word(head->comm);
	words->comm_low = filter_word(head->comm + 8);
}

/*
 * The borrow of a - b - borrow, 1 or 0. It is computed without a comparison, which would be a branch in BPF: a step without a
 * branch gives the verifier nothing to explore twice.
 */
FILTER_INLINE __u64 filter_borrow(__u64 a, __u64 b, __u64 borrow)
{
	return ((~a & b) | ((~a | b) & (a - b - borrow))) >> 63;
}

/* 1: the step's question is answered with yes. `high` and `low` are the 128-bit fact. */
FILTER_INLINE __u64 filter_answer(const struct filter_step *step, __u64 high, __u64 low, __u8 kind)
{
	__u64 below = filter_borrow(high, step->from_high, filter_borrow(low, step->from_low, 0));
	__u64 above = filter_borrow(step->to_high, high, filter_borrow(step->to_low, low, 0));

	return (step->kinds >> (kind & 15)) & 1 & ~below & ~above;
}

/* Whether the filter wants the row. Steps lead forward, so as many rounds as there are steps are enough. */
FILTER_INLINE int filter_eval(const struct filter *filter, const struct filter_words *row)
{
	const __u64 *words = (const __u64 *)row;
	__u64 at = 0;

	for (int i = 0; i < FILTER_STEPS_MAX && at < FILTER_STEPS_MAX; i++) {
		const struct filter_step *step = &filter->steps[at];
		__u64 word = step->word, yes;

		if (word > FILTER_WORDS - 2)
			return 0;
		yes = filter_answer(step, words[word] << (step->left & 63) >> (step->right & 63), words[word + 1], row->kind);
		at = step->no ^ ((step->yes ^ step->no) & -yes);
	}
	return at == FILTER_ACCEPT;
}

#endif
