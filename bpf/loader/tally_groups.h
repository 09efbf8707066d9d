/* SPDX-License-Identifier: GPL-2.0-only */
/* The groups of a tally: memory is set aside for as many as there may be, and used as they come. */
#ifndef TCPLENS_TALLY_GROUPS_H
#define TCPLENS_TALLY_GROUPS_H

#include "../rows/tally_program.h"
#include <stdbool.h>

#define ID_WORDS (sizeof(struct tally_key) / sizeof(__u64) + 1)

/* A key as words, and what else tells groups apart. */
union group_id {
	__u64 words[ID_WORDS];
	struct {
		struct tally_key key;
		__u8 plan, cut, overflow, pad[5];
	};
};

struct group {
	union group_id id;
	__u64 rows;
	__u64 values[TALLY_VALUES_MAX];
	struct tally_histogram_sums histograms[TALLY_HISTOGRAMS_MAX];
};

bool groups__open(const struct tally_program *program);
/* Begins a group where the key is new; what there are too many of is cut, or goes into the plan's overflow. */
struct group *groups__find(const union group_id *id);
/* The counts of a histogram, one more than there are bounds. */
__u64 *groups__buckets(const struct group *group, int histogram);
/* `struct tally_group`s from that number on, as many as fit. Returns bytes. */
int groups__write(int from, unsigned char *to, int size);
void groups__close(void);

/* A set of so many terms at most. False without memory. */
bool terms__open(int which, __u32 max);
/* Whether the term is in the set, which takes it in while there is room. The empty one needs none. */
bool terms__has(int which, const __u8 *term);
void terms__close(void);

/* By factors that are drawn anew each time: a process chooses its name, and must not choose who shares a slot with it. */
__u32 tally_hash(const __u64 *words, __u32 count);
void tally_hash_seed(void);
/* A power of two, twice as many as there may be entries. */
__u32 tally_slots(__u32 entries);

#endif
