// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which listener turned connections away because its accept queue was full. The kernel counts that for the whole network
 * namespace (ListenOverflows); a listener has only sk_drops, which counts every packet that it dropped for whatever reason, and the
 * last ACK of a handshake twice. A program sees the last ACKs that met a full queue; a SYN that met one is dropped without any event.
 *
 * So the namespace's count is shared out: to the last ACKs first, then to listeners with drops that nothing else explains and whose
 * queue was full, or that are the only one with such drops. No listener gets more than its own drops, all together never more than
 * the namespace counted; what cannot be told stays with the namespace alone. Counter and drops are not read at the same moment:
 * what is unexplained is looked at once more after the next sweep.
 */
#include "overflows.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct space {
	__u64 netns;
	__s64 unclaimed;      /* overflows that no listener has got yet; below 0: seen before the counter was read */
	__u32 suspects;       /* listeners with unexplained drops, in the last sweep and in this one */
	__u32 suspects_now;
};

struct suspect {
	__u64 listener_id;
	__u64 sweep;
	__u32 unexplained; /* drops of that sweep */
	bool was_full;
};

static struct {
	struct space *spaces;
	struct suspect *suspects;
	int space_count, suspect_count;
	__u64 sweep;
} state;

/* Returns a zeroed element at the end of the list, or NULL. */
static void *grow(void **list, int *count, size_t size)
{
	char *more = realloc(*list, (size_t)(*count + 1) * size);

	if (!more)
		return NULL;
	*list = more;
	more += (size_t)(*count)++ * size;
	memset(more, 0, size);
	return more;
}

static struct space *space_of(__u64 netns, bool make)
{
	struct space *space;

	for (int i = 0; i < state.space_count; i++)
		if (state.spaces[i].netns == netns)
			return &state.spaces[i];
	space = make ? grow((void **)&state.spaces, &state.space_count, sizeof(*space)) : NULL;
	if (space)
		space->netns = netns;
	return space;
}

static struct suspect *suspect_of(__u64 listener_id, bool make)
{
	struct suspect *suspect;

	for (int i = 0; i < state.suspect_count; i++)
		if (state.suspects[i].listener_id == listener_id)
			return &state.suspects[i];
	suspect = make ? grow((void **)&state.suspects, &state.suspect_count, sizeof(*suspect)) : NULL;
	if (suspect)
		suspect->listener_id = listener_id;
	return suspect;
}

/* A new sweep: the last one's suspects are looked at once more, older ones are forgotten. */
void overflows__begin(void)
{
	int kept = 0;

	for (int i = 0; i < state.suspect_count; i++)
		if (state.suspects[i].sweep == state.sweep)
			state.suspects[kept++] = state.suspects[i];
	state.suspect_count = kept;
	kept = 0;
	for (int i = 0; i < state.space_count; i++) {
		struct space *space = &state.spaces[i];

		space->suspects = space->suspects_now;
		space->suspects_now = 0;
		if (space->unclaimed || space->suspects)
			state.spaces[kept++] = *space;
	}
	state.space_count = kept;
	state.sweep++;
}

void overflows__counted(__u64 netns, __u64 gain)
{
	struct space *space = gain ? space_of(netns, true) : NULL;

	if (space)
		space->unclaimed += (__s64)gain;
}

/* Of the drops that are unexplained, those that were overflows. */
static __u32 claim(struct space *space, __u32 drops, bool is_evident)
{
	__u32 claimed;

	if (!is_evident || space->unclaimed <= 0)
		return 0;
	claimed = (__s64)drops < space->unclaimed ? drops : (__u32)space->unclaimed;
	space->unclaimed -= claimed;
	return claimed;
}

void overflows__row(struct listener_row *row)
{
	struct suspect *suspect = suspect_of(row->head.connection_id, row->drops > 0);
	__u32 last_acks = row->overflows, before = 0, unexplained, claimed;
	bool is_full = row->accept_queue > row->accept_queue_limit || last_acks > 0;
	struct space *space;

	if (!suspect)
		return;
	space = space_of(row->head.netns, true);
	if (!space)
		return;
	space->unclaimed -= last_acks;
	if (suspect->sweep + 1 == state.sweep)
		before = suspect->unexplained;
	unexplained = row->drops > 2 * last_acks ? row->drops - 2 * last_acks : 0;
	claimed = claim(space, before + unexplained, is_full || (before && suspect->was_full) || (before && space->suspects == 1));
	row->overflows += claimed;
	claimed = claimed > before ? claimed - before : 0;
	suspect->unexplained = unexplained > claimed ? unexplained - claimed : 0;
	suspect->was_full = is_full;
	suspect->sweep = state.sweep;
	space->suspects_now += suspect->unexplained > 0;
}

void overflows__close(void)
{
	free(state.spaces);
	free(state.suspects);
	memset(&state, 0, sizeof(state));
}
