// SPDX-License-Identifier: GPL-2.0-only
/* Sets filters and budgets while the programs run. */
#define _GNU_SOURCE
#include "../rows/filter.h"
#include "clock.h"
#include "details.h"
#include "filters.h"
#include "loader.h"
#include "maps.h"
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define NS_PER_S 1000000000U

/*
 * What the programs have now. All maps are made at the start, while the process may still make any: one for each slot, and a spare
 * one to fill while the others are in use.
 */
static struct {
	__u32 control;
	__u32 for_details;     /* bits of slots that only rows of detail ask */
	int fds[FILTER_SLOTS]; /* negative: -errno; 0: not open */
	int spare;
	__u64 end_ns[FILTER_SLOTS]; /* CLOCK_BOOTTIME */
} live;

static int create_map(void)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "filter", sizeof(__u32), sizeof(struct filter), 1, NULL);

	return fd < 0 ? -errno : fd;
}

void filters__open(void)
{
	live.spare = create_map();
	for (int slot = 0; slot < FILTER_SLOTS; slot++)
		live.fds[slot] = create_map();
}

static int in_use(int slot)
{
	return slot >= 0 && slot < FILTER_SLOTS && ((live.control | live.for_details) & (1U << slot));
}

static int write_control(__u32 control)
{
	__u32 key = 0;

	if (bpf_map_update_elem(shared_map("filter_control"), &key, &control, BPF_ANY) < 0)
		return -errno;
	live.control = control;
	return 0;
}

/* The interval between tokens is rounded up, so that the budget is never exceeded. A bucket without room lets nothing pass. */
static int budget_of(struct budget *budget, int rows_per_s, int burst)
{
	if (rows_per_s < 0 || rows_per_s > (int)NS_PER_S || burst < 0)
		return -EINVAL;
	budget->interval_ns = rows_per_s ? (NS_PER_S + (__u32)rows_per_s - 1) / (__u32)rows_per_s : 0;
	budget->burst = (__u32)burst;
	budget->full_ns = 0;
	return 0;
}

/* The loop in the kernel ends whatever a filter says. A filter that would not do what it says is refused here. */
static int is_sound(const struct filter *filter)
{
	for (int i = 0; i < FILTER_STEPS_MAX; i++) {
		const struct filter_step *step = &filter->steps[i];

		if (step->word > FILTER_WORDS - 2 || step->left > 63 || step->right > 63)
			return 0;
		if (step->yes <= i || (step->yes >= FILTER_STEPS_MAX && step->yes < FILTER_ACCEPT))
			return 0;
		if (step->no <= i || (step->no >= FILTER_STEPS_MAX && step->no < FILTER_ACCEPT))
			return 0;
	}
	return 1;
}

/* The kernel returns from the update when no program uses the slot's old map any more. So that map becomes the spare one. */
static int place(int slot, const struct filter *filter)
{
	__u32 key = 0, index = (__u32)slot;
	int filled = live.spare;

	if (filled < 0)
		return filled;
	if (bpf_map_update_elem(filled, &key, filter, BPF_ANY) < 0 ||
	    bpf_map_update_elem(shared_map("filters"), &index, &filled, BPF_ANY) < 0)
		return -errno;
	live.spare = live.fds[slot];
	live.fds[slot] = filled;
	live.end_ns[slot] = filter->end_ns;
	return 0;
}

int loader__filter(int slot, const unsigned char *bytes, int size, int rows_per_s, int burst, int only_details)
{
	__u32 bit;
	__u64 offset_ns = clock__offset_ns();
	struct filter filter;
	int error;

	if (slot < 0 || slot >= FILTER_SLOTS || size != sizeof(filter))
		return -EINVAL;
	memcpy(&filter, bytes, sizeof(filter));
	memset(&filter.counters, 0, sizeof(filter.counters));
	error = budget_of(&filter.budget, rows_per_s, burst);
	if (error || !is_sound(&filter))
		return -EINVAL;
	filter.end_ns -= filter.end_ns < offset_ns ? filter.end_ns : offset_ns;
	error = place(slot, &filter);
	bit = 1U << slot;
	if (!error) {
		live.for_details = only_details ? live.for_details | bit : live.for_details & ~bit;
		error = write_control(only_details ? live.control & ~bit : live.control | bit);
	}
	details__filters_changed();
	return error;
}

int loader__filter_clear(int slot)
{
	__u32 index = (__u32)slot;
	int error;

	if (!in_use(slot))
		return -ENOENT;
	error = write_control(live.control & ~(1U << slot));
	if (error)
		return error;
	live.for_details &= ~(1U << slot);
	details__filters_changed();
	/* The kernel returns from it when no program uses the slot's map any more: its counters stay as they are then. */
	return bpf_map_delete_elem(shared_map("filters"), &index) < 0 ? -errno : 0;
}

int loader__filter_mode(int exclusive)
{
	return write_control(exclusive ? live.control | FILTER_EXCLUSIVE : live.control & ~FILTER_EXCLUSIVE);
}

int loader__filter_scope(void)
{
	return in_use(FILTER_SCOPE) ? write_control(live.control | FILTER_SCOPED) : -ENOENT;
}

int loader__filter_counters(int slot, unsigned char *counters, int size)
{
	struct filter filter;
	__u32 key = 0;

	if (size != sizeof(filter.counters) || slot < 0 || slot >= FILTER_SLOTS)
		return -EINVAL;
	/* Where filters were never opened. */
	if (live.fds[slot] <= 0)
		return -ENOENT;
	if (bpf_map_lookup_elem(live.fds[slot], &key, &filter) < 0)
		return -errno;
	memcpy(counters, &filter.counters, sizeof(filter.counters));
	return clock__ns(CLOCK_BOOTTIME) >= live.end_ns[slot];
}

int loader__budget(int kind, int rows_per_s, int burst)
{
	struct budget budget;
	__u32 key = (__u32)kind;
	int error = kind < 0 || kind >= KIND_COUNT ? -EINVAL : budget_of(&budget, rows_per_s, burst);

	/* If no program that writes rows is loaded, there is nothing to limit. */
	if (error || shared_map("budgets") < 0)
		return error;
	return bpf_map_update_elem(shared_map("budgets"), &key, &budget, BPF_ANY) < 0 ? -errno : 0;
}

void filters__close(void)
{
	if (live.spare > 0)
		close(live.spare);
	for (int slot = 0; slot < FILTER_SLOTS; slot++)
		if (live.fds[slot] > 0)
			close(live.fds[slot]);
	memset(&live, 0, sizeof(live));
}
