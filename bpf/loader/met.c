// SPDX-License-Identifier: GPL-2.0-only
/* Who appears in rows: each pair of process and cgroup once, until all are forgotten. */
#include "../rows/rows.h"
#include "met.h"
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define MET_MAX 4096
#define SLOTS (MET_MAX * 2)

struct pair {
	__u64 cgroup_id, pid;
};

static struct {
	struct pair list[MET_MAX];
	__u16 slots[SLOTS]; /* numbers of pairs, from 1; 0 free */
	int count, told;
	bool is_asked;      /* nobody may want to know */
	struct pair last;
} state;

static void note(struct pair pair)
{
	__u32 slot = (__u32)(((pair.pid << 32 ^ pair.cgroup_id) * 0x9e3779b97f4a7c15ULL) >> 51) % SLOTS;

	for (; state.slots[slot]; slot = (slot + 1) % SLOTS) {
		const struct pair *known = &state.list[state.slots[slot] - 1];

		if (known->pid == pair.pid && known->cgroup_id == pair.cgroup_id)
			return;
	}
	if (state.count == MET_MAX)
		return;
	state.list[state.count++] = pair;
	state.slots[slot] = (__u16)state.count;
}

void met__row(const unsigned char *row)
{
	const struct row_head *head = (const void *)row;
	const struct pair pair = { .cgroup_id = head->cgroup_id, .pid = head->pid };

	if (!state.is_asked || (pair.pid == state.last.pid && pair.cgroup_id == state.last.cgroup_id))
		return;
	state.last = pair;
	note(pair);
}

int met__tell(unsigned char *pairs, int size, int again)
{
	int count = state.count - state.told, room = size / (int)sizeof(struct pair);

	if (room < 1)
		return -EINVAL;
	count = count < room ? count : room;
	memcpy(pairs, &state.list[state.told], (size_t)count * sizeof(struct pair));
	state.told += count;
	if (again)
		memset(&state, 0, sizeof(state));
	state.is_asked = true;
	return count * (int)sizeof(struct pair);
}

void met__close(void)
{
	memset(&state, 0, sizeof(state));
}
