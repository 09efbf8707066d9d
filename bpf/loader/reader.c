// SPDX-License-Identifier: GPL-2.0-only
/* Takes rows out of the rings and the sweeps, and completes them. */
#include "../rows/rows.h"
#include "clock.h"
#include "maps.h"
#include "reader.h"
#include "row_size.h"
#include "sweep.h"
#include "tally.h"
#include <errno.h>
#include <string.h>

/* Gives room back to the kernel after so many rows, not after each: the kernel reads that number for every row that it writes. */
#define ROWS_A_RELEASE 512

static struct ring *rings[KIND_COUNT];

/* Fills in what the kernel side leaves open: the wall clock. */
static void complete(int kind, unsigned char *row, __u64 offset_ns)
{
	__u64 time_ns;

	memcpy(&time_ns, row, sizeof(time_ns));
	time_ns += offset_ns;
	memcpy(row, &time_ns, sizeof(time_ns));
	tally__row(kind, row);
}

int reader__open(void)
{
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		if (maps__ring(kind) < 0)
			continue;
		rings[kind] = ring__open(maps__ring(kind));
		if (!rings[kind])
			return -errno;
	}
	return 0;
}

struct ring *reader__ring(int kind)
{
	return rings[kind];
}

/* Copies and completes the rows of a ring one by one: so the second access to a row finds it in the cache. */
static int drain_ring(struct ring *ring, int kind, unsigned char *rows, int size)
{
	struct ring_walk walk = ring__begin(ring);
	__u64 offset_ns = clock__offset_ns();
	int row = row_size(kind), used = 0;

	while (used + row <= size) {
		const unsigned char *from = ring__next(ring, &walk, row);

		if (!from)
			break;
		memcpy(rows + used, from, (size_t)row);
		complete(kind, rows + used, offset_ns);
		used += row;
	}
	ring__end(ring, &walk);
	return walk.is_broken ? -EPROTO : used;
}

/* Copies and completes the rows that a sweep finds. */
static int drain_samples(unsigned char *rows, int size)
{
	int used = sweep__drain(rows, size);
	__u64 offset_ns = clock__offset_ns();

	for (int at = 0; at < used; at += row_size(KIND_SAMPLE))
		complete(KIND_SAMPLE, rows + at, offset_ns);
	return used;
}

int reader__drain(int kind, unsigned char *rows, int size)
{
	if (kind == KIND_SAMPLE)
		return drain_samples(rows, size);
	return rings[kind] ? drain_ring(rings[kind], kind, rows, size) : 0;
}

/* Counts rows where they lie in the ring, without copying them. */
int reader__count(int kind)
{
	struct ring *ring = rings[kind];
	struct ring_walk walk;
	const unsigned char *row;
	int taken = 0;

	if (!ring)
		return 0;
	walk = ring__begin(ring);
	while ((row = ring__next(ring, &walk, row_size(kind)))) {
		tally__row(kind, row);
			if (++taken % ROWS_A_RELEASE == 0)
			ring__end(ring, &walk);
	}
	ring__end(ring, &walk);
	return walk.is_broken ? -EPROTO : taken;
}

void reader__close(void)
{
	for (int kind = 0; kind < KIND_COUNT; kind++)
		ring__close(rings[kind]);
	memset(rings, 0, sizeof(rings));
}
