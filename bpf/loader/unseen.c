// SPDX-License-Identifier: GPL-2.0-only
/* Connections whose beginning or end reached no program. */
#include "maps.h"
#include "unseen.h"
#include "../rows/lifetimes.h"
#include <bpf/bpf.h>
#include <stdlib.h>
#include <string.h>

static struct {
	struct lifetimes before; /* as of the beginning of the sweep */
	__u64 unended, unopened;
} state;

static bool read_now(struct lifetimes *sum)
{
	int cpus = libbpf_num_possible_cpus();
	struct lifetimes *each = cpus > 0 ? calloc((size_t)cpus, sizeof(*each)) : NULL;
	bool is_read = each && bpf_map_lookup_elem(shared_map("lifetimes"), &(__u32){ 0 }, each) == 0;

	memset(sum, 0, sizeof(*sum));
	for (int cpu = 0; is_read && cpu < cpus; cpu++) {
		sum->begun += each[cpu].begun;
		sum->ended += each[cpu].ended;
		sum->unopened += each[cpu].unopened;
	}
	free(each);
	return is_read;
}

void unseen__before_sweep(void)
{
	read_now(&state.before);
}

/*
 * What began, less what ended and what the sweep has met. Never too many: what ends while the sweep is under way is taken
 * off whether or not the sweep had met it. A sweep in slices may pass over as many as went between two of them, so it is
 * taken off once more. A quiet moment gives the exact figure.
 */
void unseen__after_sweep(__u64 alive, bool is_in_slices)
{
	struct lifetimes after;
	__u64 gone;

	if (!read_now(&after))
		return;
	gone = after.ended + alive + (is_in_slices ? after.ended - state.before.ended : 0);
	if (state.before.begun > gone + state.unended)
		state.unended = state.before.begun - gone;
	state.unopened = after.unopened;
}

__u64 unseen__count(void)
{
	return state.unended + state.unopened;
}

void unseen__close(void)
{
	memset(&state, 0, sizeof(state));
}
