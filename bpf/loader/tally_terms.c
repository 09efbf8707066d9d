// SPDX-License-Identifier: GPL-2.0-only
/* The terms that are kept whole. They are looked up only when a group begins. */
#define _GNU_SOURCE
#include "tally_groups.h"
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define TERM_WORDS (TALLY_TERM_BYTES / sizeof(__u64))

struct term {
	__u64 words[TERM_WORDS];
};

_Static_assert(TERM_WORDS == 4, "terms__has() looks at four");

static struct terms {
	struct term *list;
	__u32 *slots; /* numbers of terms, from 1; 0 free */
	__u32 mask, count, max;
} sets[TALLY_TERMS];

static __u64 factors[ID_WORDS];

void tally_hash_seed(void)
{
	struct timespec now;

	if (getrandom(factors, sizeof(factors), GRND_NONBLOCK) != sizeof(factors)) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		for (size_t i = 0; i < ID_WORDS; i++)
			factors[i] = ((__u64)now.tv_nsec + i) * 0x9e3779b97f4a7c15ULL;
	}
	for (size_t i = 0; i < ID_WORDS; i++)
		factors[i] |= 1;
}

__u32 tally_hash(const __u64 *words, __u32 count)
{
	__u64 sum = 0;

	for (__u32 i = 0; i < count; i++)
		sum += words[i] * factors[i];
	return (__u32)(sum >> 32);
}

__u32 tally_slots(__u32 entries)
{
	__u32 slots = 16;

	while (slots < entries * 2)
		slots *= 2;
	return slots;
}

bool terms__open(int which, __u32 max)
{
	struct terms *set = &sets[which];
	__u32 slots = tally_slots(max);

	set->list = calloc(max ? max : 1, sizeof(*set->list));
	set->slots = calloc(slots, sizeof(*set->slots));
	set->mask = slots - 1;
	set->max = max;
	return set->list && set->slots;
}

bool terms__has(int which, const __u8 *bytes)
{
	struct terms *set = &sets[which];
	struct term term;
	__u32 slot;

	memcpy(&term, bytes, sizeof(term));
	if (!(term.words[0] | term.words[1] | term.words[2] | term.words[3]))
		return true;
	for (slot = tally_hash(term.words, TERM_WORDS) & set->mask; set->slots[slot]; slot = (slot + 1) & set->mask)
		if (!memcmp(&set->list[set->slots[slot] - 1], &term, sizeof(term)))
			return true;
	if (set->count >= set->max)
		return false;
	set->list[set->count] = term;
	set->slots[slot] = ++set->count;
	return true;
}

void terms__close(void)
{
	for (int i = 0; i < TALLY_TERMS; i++) {
		free(sets[i].list);
		free(sets[i].slots);
	}
	memset(sets, 0, sizeof(sets));
}
