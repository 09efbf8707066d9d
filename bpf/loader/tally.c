// SPDX-License-Identifier: GPL-2.0-only
/* Runs a tally program over rows. */
#include "tally.h"
#include "tally_groups.h"
#include <errno.h>
#include <string.h>

/* The bounds that have to be compared with a value of so many bits; those before and behind are decided by its length. */
struct octave {
	__u16 first, end;
};

static struct {
	struct tally_program program;
	__u8 plans_of[KIND_COUNT][TALLY_PLANS_MAX], plan_count[KIND_COUNT];
	struct octave octaves[65];
	bool is_on;
} state;

static bool is_ipv4(const __u8 *address)
{
	static const __u8 prefix[12] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(address, prefix, sizeof(prefix));
}

static __u64 small_part(const struct tally_part *part, const __u8 *from)
{
	__u16 number;
	__u32 wide;

	if (part->size == 1)
		return *from;
	if (part->size == 4) {
		memcpy(&wide, from, sizeof(wide));
		return wide;
	}
	if (part->size == TALLY_IPV4)
		return is_ipv4(from);
	memcpy(&number, from, sizeof(number));
	return !part->below || number < part->below ? number : 0;
}

/* Writes whole words: a processor stalls if it reads a word soon after its bytes were written one by one. */
static void put_part(const struct tally_part *part, const __u8 *row, __u64 *words)
{
	const __u8 *from = row + part->from;

	if (part->if_is && row[part->when] != part->is)
		return;
	if (part->size < 16)
		words[part->to / 8] |= small_part(part, from) << part->to % 8 * 8;
	else
		memcpy(words + part->to / 8, from, part->size);
}

static struct group *group_of(int number, const struct tally_plan *plan, const __u8 *row)
{
	union group_id id = { .words = { 0 } };

	id.words[ID_WORDS - 1] = (__u64)number;
	for (int i = 0; i < plan->parts; i++)
		put_part(&plan->part[i], row, id.words);
	return groups__find(&id);
}

static __u64 number_at(const __u8 *from, int size)
{
	__u64 number;
	__u32 half;

	if (size == 8) {
		memcpy(&number, from, sizeof(number));
		return number;
	}
	memcpy(&half, from, sizeof(half));
	return half;
}

static void add_values(struct group *group, const struct tally_plan *plan, const __u8 *row)
{
	__u64 values[TALLY_VALUES_MAX];

	for (int i = 0; i < plan->values; i++) {
		const struct tally_value *value = &plan->value[i];

		values[i] = number_at(row + value->from, value->size);
		if (value->most != TALLY_NONE) {
			__u64 most = values[value->most] - (value->less == TALLY_NONE ? 0 : values[value->less]);

			values[i] = values[i] < most ? values[i] : most;
		}
		group->values[i] += values[i];
	}
}

static __u32 bucket_of(__u64 value)
{
	const struct octave *octave = &state.octaves[value ? 64 - __builtin_clzll(value) : 0];
	__u32 bucket = octave->first;

	/* No early exit: that would be a branch that no processor predicts. */
	for (__u32 i = octave->first; i < octave->end; i++)
		bucket += value > state.program.bound[i];
	return bucket;
}

static void add_histograms(struct group *group, const struct tally_plan *plan, const __u8 *row)
{
	for (int i = 0; i < plan->histograms; i++) {
		struct tally_histogram_sums *sums = &group->histograms[i];
		__u64 value = number_at(row + plan->histogram[i].from, plan->histogram[i].size);
		__u64 *bucket = groups__buckets(group, i) + bucket_of(value);

		sums->sum += value;
		sums->min = value && value < sums->min ? value : sums->min;
		sums->max = value > sums->max ? value : sums->max;
		sums->buckets += !*bucket;
		++*bucket;
	}
}

void tally__row(int kind, const unsigned char *row)
{
	if (!state.is_on)
		return;
	for (int i = 0; i < state.plan_count[kind]; i++) {
		int number = state.plans_of[kind][i];
		const struct tally_plan *plan = &state.program.plan[number];
		struct group *group;

		if (plan->if_is && row[plan->when] != plan->is)
			continue;
		group = group_of(number, plan, row);
		group->rows++;
		add_values(group, plan, row);
		add_histograms(group, plan, row);
	}
}

/* Prepares what is asked for every row. */
static void prepare(void)
{
	const struct tally_program *program = &state.program;
	__u32 first = 0, end = 0;

	for (__u32 i = 0; i < program->plans; i++) {
		__u8 kind = program->plan[i].kind;

		state.plans_of[kind][state.plan_count[kind]++] = (__u8)i;
	}
	for (int bits = 0; bits <= 64; bits++) {
		__u64 least = bits ? 1ULL << (bits - 1) : 0, most = bits < 64 ? (1ULL << bits) - 1 : ~0ULL;

		while (first < program->bounds && program->bound[first] < least)
			first++;
		while (end < program->bounds && program->bound[end] < most)
			end++;
		state.octaves[bits] = (struct octave){ (__u16)first, (__u16)end };
	}
}

int tally__start(const unsigned char *bytes, int size)
{
	tally__close();
	if (size != (int)sizeof(state.program))
		return -EINVAL;
	memcpy(&state.program, bytes, sizeof(state.program));
	if (!tally__is_sound(&state.program)) {
		tally__close();
		return -EINVAL;
	}
	prepare();
	state.is_on = groups__open(&state.program);
	if (state.is_on)
		return 0;
	tally__close();
	return -ENOMEM;
}

void tally__close(void)
{
	groups__close();
	memset(&state, 0, sizeof(state));
}
