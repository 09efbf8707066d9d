// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ledger of each network namespace: the kernel's own counters are the truth that rows are set against. What the
 * programs did not see of TcpRetransSegs is `unattributed`.
 */
#define _GNU_SOURCE
#include "clock.h"
#include "ledger.h"
#include "maps.h"
#include "netstat.h"
#include "overflows.h"
#include <bpf/bpf.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* What is remembered of a namespace. A cookie is never used again, an inode is. */
struct known {
	__u64 cookie, sweep;
	__u64 retrans_base;   /* TcpRetransSegs when it was first met, and what had been attributed by then */
	__u64 attributed_base;
	__u64 missing;        /* the most that was in no row at any look: it only grows */
	struct namespace_row total; /* counters as the kernel has them */
};

static struct {
	struct known *list;
	int count;
	__u64 host_id;
	__u64 sweep; /* counts the rounds over all namespaces */
	struct namespace_row *rows;
	int waiting, room;
	struct kind_counters counters;
} state;

static __u64 attributed(__u64 cookie)
{
	__u64 segments = 0;

	bpf_map_lookup_elem(shared_map("attributed"), &cookie, &segments);
	return segments;
}

static struct known *known_of(__u64 cookie)
{
	struct known *more;

	for (int i = 0; i < state.count; i++)
		if (state.list[i].cookie == cookie)
			return &state.list[i];
	more = realloc(state.list, (size_t)(state.count + 1) * sizeof(*more));
	if (!more)
		return NULL;
	state.list = more;
	memset(&more[state.count], 0, sizeof(*more));
	more[state.count].cookie = cookie;
	return &more[state.count++];
}

/* The rows wait for the next drain, which follows the sweep: NAMESPACES_MAX of them are enough. */
static struct namespace_row *row_slot(void)
{
	if (state.waiting == state.room && state.room < NAMESPACES_MAX) {
		int room = state.room ? state.room * 2 : 16;
		struct namespace_row *more = realloc(state.rows, (size_t)room * sizeof(*more));

		if (more) {
			state.rows = more;
			state.room = room;
		}
	}
	if (state.waiting < state.room) {
		state.counters.written++;
		return &state.rows[state.waiting++];
	}
	state.counters.ring_lost++;
	return NULL;
}

static int has_changed(const struct namespace_row *now, const struct namespace_row *last)
{
	size_t from = offsetof(struct namespace_row, in_segs);

	return memcmp((const char *)now + from, (const char *)last + from, sizeof(*now) - from) != 0;
}

static void report(struct known *known, const struct namespace_row *now)
{
	struct namespace_row *row = row_slot();

	if (!row)
		return;
	*row = *now;
	row->interval_us = known->total.head.time_ns ? (now->head.time_ns - known->total.head.time_ns) / 1000 : 0;
	netstat__subtract(row, &known->total);
	row->retrans_attributed -= known->total.retrans_attributed;
}

void ledger__open(__u64 host_id)
{
	state.host_id = host_id;
}

/* The caller is inside the namespace. */
bool ledger__enter(__u64 cookie)
{
	struct known *known = known_of(cookie);
	struct namespace_row now;
	__s64 missing;
	bool is_new;

	if (!known)
		return true;
	is_new = !known->sweep;
	memset(&now, 0, sizeof(now));
	now.head.time_ns = clock__ns(CLOCK_BOOTTIME);
	now.head.host_id = state.host_id;
	now.head.netns = cookie;
	now.head.kind = KIND_NAMESPACE;
	now.head.uid = ~0U;
	/* In this order: what is sent meanwhile may be attributed before it is counted, never counted and taken for missing. */
	netstat__read(&now);
	now.retrans_attributed = attributed(cookie);
	/* What is met in the first round was there before the programs were; what comes later has been seen from its beginning. */
	if (!known->sweep && state.sweep == 1) {
		known->retrans_base = now.retrans_segs;
		known->attributed_base = now.retrans_attributed;
		known->total = now;
		known->total.head.time_ns = 0;
	}
	known->sweep = state.sweep;
	missing = (__s64)((now.retrans_segs - known->retrans_base) - (now.retrans_attributed - known->attributed_base));
	if (missing > (__s64)known->missing) {
		now.unattributed = (__u64)missing - known->missing;
		known->missing = (__u64)missing;
	}
	if (!known->total.head.time_ns || has_changed(&now, &known->total))
		report(known, &now);
	else
		now.head.time_ns = known->total.head.time_ns; /* of the last row */
	overflows__counted(cookie, now.listen_overflows - known->total.listen_overflows);
	known->total = now;
	known->total.unattributed = 0; /* of all counters the only one that is a gain already */
	return is_new;
}

/* Begins a round over all namespaces, and forgets those that the last one did not meet. */
void ledger__begin(void)
{
	int kept = 0;

	for (int i = 0; i < state.count; i++)
		if (state.list[i].sweep == state.sweep)
			state.list[kept++] = state.list[i];
	state.count = kept;
	state.sweep++;
	overflows__begin();
}

/* Moves whole rows; returns bytes. */
int ledger__drain(unsigned char *rows, int size)
{
	int count = size / (int)sizeof(*state.rows);

	if (count > state.waiting)
		count = state.waiting;
	if (count <= 0)
		return 0; /* before the first row there is no list, and memmove() takes no NULL */
	memcpy(rows, state.rows, (size_t)count * sizeof(*state.rows));
	state.waiting -= count;
	memmove(state.rows, state.rows + count, (size_t)state.waiting * sizeof(*state.rows));
	return count * (int)sizeof(*state.rows);
}

const struct kind_counters *ledger__counters(void)
{
	return &state.counters;
}

void ledger__close(void)
{
	overflows__close();
	free(state.list);
	free(state.rows);
	memset(&state, 0, sizeof(state));
}
