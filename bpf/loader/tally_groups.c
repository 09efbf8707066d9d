// SPDX-License-Identifier: GPL-2.0-only
#include "tally_groups.h"
#include <stdlib.h>
#include <string.h>

static struct {
	struct group *groups;
	__u64 *counts; /* the buckets of each histogram of each group */
	__u32 *slots;  /* a hash table of numbers of groups, which begin at 1; 0: free */
	__u32 mask, count, whole, whole_max, buckets;
	__u32 kept[TALLY_TERMS];
} state;

bool groups__open(const struct tally_program *program)
{
	/* One group of each plan is kept back, its overflow group. */
	__u32 groups = program->groups_max + TALLY_PLANS_MAX, slots = tally_slots(groups);

	tally_hash_seed();
	state.whole_max = program->groups_max;
	state.buckets = program->bounds + 1;
	state.mask = slots - 1;
	memcpy(state.kept, program->terms_kept, sizeof(state.kept));
	state.slots = calloc(slots, sizeof(*state.slots));
	state.groups = calloc(groups, sizeof(*state.groups));
	state.counts = calloc((size_t)groups * TALLY_HISTOGRAMS_MAX, state.buckets * sizeof(*state.counts));
	for (int i = 0; i < TALLY_TERMS; i++)
		if (!terms__open(i, program->terms_max[i]))
			return false;
	return state.slots && state.groups && state.counts;
}

static bool is_same(const union group_id *one, const union group_id *other)
{
	__u64 difference = 0;

	for (size_t i = 0; i < ID_WORDS; i++)
		difference |= one->words[i] ^ other->words[i];
	return !difference;
}

/* The slot of a group, or the free slot in which it would be. */
static __u32 slot_of(const union group_id *id)
{
	__u32 slot = tally_hash(id->words, ID_WORDS) & state.mask;

	while (state.slots[slot] && !is_same(&state.groups[state.slots[slot] - 1].id, id))
		slot = (slot + 1) & state.mask;
	return slot;
}

static struct group *begin(const union group_id *id, __u32 slot)
{
	struct group *group = &state.groups[state.count++];

	group->id = *id;
	for (int i = 0; i < TALLY_HISTOGRAMS_MAX; i++)
		group->histograms[i].min = ~0ULL;
	state.slots[slot] = state.count;
	return group;
}

/*
 * Begins a group within the bounds: a term for which there is no room is cut, and without room for the group its rows go into the
 * plan's overflow group.
 */
static struct group *begin_within_bounds(union group_id id)
{
	__u32 slot;

	for (int i = 0; i < TALLY_TERMS; i++) {
		__u8 *term = id.key.term + i * TALLY_TERM_BYTES;

		if (terms__has(i, term))
			continue;
		memset(term + state.kept[i], 0, TALLY_TERM_BYTES - state.kept[i]);
		id.cut |= (__u8)(1 << i);
	}
	slot = slot_of(&id);
	if (state.slots[slot])
		return &state.groups[state.slots[slot] - 1];
	if (state.whole < state.whole_max) {
		state.whole++;
		return begin(&id, slot);
	}
	id = (union group_id){ .plan = id.plan, .overflow = 1 };
	slot = slot_of(&id);
	return state.slots[slot] ? &state.groups[state.slots[slot] - 1] : begin(&id, slot);
}

struct group *groups__find(const union group_id *id)
{
	__u32 number = state.slots[slot_of(id)];

	return number ? &state.groups[number - 1] : begin_within_bounds(*id);
}

__u64 *groups__buckets(const struct group *group, int histogram)
{
	return state.counts + ((size_t)(group - state.groups) * TALLY_HISTOGRAMS_MAX + (size_t)histogram) * state.buckets;
}

/* Writes a number and a count for each bucket that holds something. */
static int write_buckets(const struct group *group, int histogram, unsigned char *to)
{
	const __u64 *counts = groups__buckets(group, histogram);
	int used = 0;

	for (__u64 bucket = 0, left = group->histograms[histogram].buckets; left > 0; bucket++) {
		const __u64 pair[2] = { bucket, counts[bucket] };

		if (!pair[1])
			continue;
		memcpy(to + used, pair, sizeof(pair));
		used += (int)sizeof(pair);
		left--;
	}
	return used;
}

/* Returns bytes, or 0 if there is no room. */
static int write_group(const struct group *group, unsigned char *to, int size)
{
	const union group_id *id = &group->id;
	struct tally_group out = { .plan = id->plan, .cut = id->cut, .overflow = id->overflow, .key = id->key, .rows = group->rows };
	__u64 needed = sizeof(out);
	int used = sizeof(out);

	for (int i = 0; i < TALLY_HISTOGRAMS_MAX; i++)
		needed += group->histograms[i].buckets * 2 * sizeof(__u64);
	if (needed > (__u64)size)
		return 0;
	out.size = (__u32)needed;
	memcpy(out.values, group->values, sizeof(out.values));
	memcpy(out.histograms, group->histograms, sizeof(out.histograms));
	memcpy(to, &out, sizeof(out));
	for (int i = 0; i < TALLY_HISTOGRAMS_MAX; i++)
		used += write_buckets(group, i, to + used);
	return used;
}

int groups__write(int from, unsigned char *to, int size)
{
	int used = 0;

	for (__u32 i = from < 0 ? 0 : (__u32)from; i < state.count; i++) {
		int written = write_group(&state.groups[i], to + used, size - used);

		if (!written)
			break;
		used += written;
	}
	return used;
}

void groups__close(void)
{
	free(state.groups);
	free(state.counts);
	free(state.slots);
	memset(&state, 0, sizeof(state));
	terms__close();
}
