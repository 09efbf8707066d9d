/* SPDX-License-Identifier: GPL-2.0-only */
/* The groups of a tally. Memory is set aside for as many as there may be, and used as they come. */
#ifndef TCPLENS_TALLY_GROUPS_H
#define TCPLENS_TALLY_GROUPS_H

#include "../rows/tally_program.h"
#include <stdbool.h>

#define ID_WORDS (sizeof(struct tally_key) / sizeof(__u64) + 1)

/* What tells groups apart, a key and more, as words to compare and hash. */
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
/*
 * Finds a group, or begins it. If there are too many terms the new one is cut; if there are too many groups it is the plan's
 * overflow group.
 */
struct group *groups__find(const union group_id *id);
/* The counts of a histogram, one more than there are bounds. */
__u64 *groups__buckets(const struct group *group, int histogram);
/* Writes `struct tally_group`s from that number on, as many as fit. Returns bytes. */
int groups__write(int from, unsigned char *to, int size);
void groups__close(void);

/* Makes a set of at most so many terms. False if there is no memory. */
bool terms__open(int which, __u32 max);
/* Whether the term is in the set. While there is room a new term is added. The empty term is always in it. */
bool terms__has(int which, const __u8 *term);
void terms__close(void);

/*
 * Hashes with factors that are drawn at random at each start: a process chooses its own name, and must not be able to choose with
 * whom it shares a slot.
 */
__u32 tally_hash(const __u64 *words, __u32 count);
void tally_hash_seed(void);
/* The number of slots for so many entries: a power of two, at least twice as many. */
__u32 tally_slots(__u32 entries);

#endif
