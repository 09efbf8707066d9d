// SPDX-License-Identifier: GPL-2.0-only
/* Hands rows out, from wherever the kernel side has them, and what became of the others. */
#define _GNU_SOURCE
#include "loader.h"
#include "loader-state.h"
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* After so many rows the kernel has their room again. It looks there for every row that it writes, so seldom. */
#define ROWS_A_RELEASE 512

struct reader the_reader;

/* A clock step shows in rows drained after it. */
__u64 clock_offset_ns(void)
{
	struct timespec wall, boot;

	clock_gettime(CLOCK_REALTIME, &wall);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	return (__u64)(wall.tv_sec - boot.tv_sec) * 1000000000ULL + (__u64)(wall.tv_nsec - boot.tv_nsec);
}

/* What the kernel side leaves to be filled in: the wall clock, and names for numbers. A row is counted when it is whole. */
static void complete(int kind, unsigned char *row, __u64 offset_ns)
{
	__u64 time_ns;

	memcpy(&time_ns, row, sizeof(time_ns));
	time_ns += offset_ns;
	memcpy(row, &time_ns, sizeof(time_ns));
	names__fill(kind, row);
	if (kind == KIND_LISTENER)
		overflows__row((struct listener_row *)row);
	tally__row(kind, row);
	met__row(row);
}

int reader__open_rings(struct reader *reader, const int ring_fds[KIND_COUNT])
{
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		if (ring_fds[kind] < 0)
			continue;
		reader->rings[kind] = ring__open(ring_fds[kind]);
		if (!reader->rings[kind])
			return -errno;
	}
	return 0;
}

/* The rows of a ring, copied and made whole one by one: the second look at a row finds it in the cache. */
static int drain_ring(struct ring *ring, int kind, unsigned char *rows, int size)
{
	struct ring_walk walk = ring__begin(ring);
	__u64 offset_ns = clock_offset_ns();
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

/* The rows that the loader makes or reads itself. */
static int drain_own(int kind, unsigned char *rows, int size)
{
	int used = kind == KIND_SAMPLE ? sweep__drain(rows, size) : ledger__drain(rows, size);
	__u64 offset_ns = clock_offset_ns();

	for (int at = 0; at < used; at += row_size(kind))
		complete(kind, rows + at, offset_ns);
	return used;
}

static bool is_own(int kind)
{
	return kind == KIND_SAMPLE || kind == KIND_NAMESPACE;
}

static int drain(int kind, unsigned char *rows, int size)
{
	if (is_own(kind))
		return drain_own(kind, rows, size);
	return the_reader.rings[kind] ? drain_ring(the_reader.rings[kind], kind, rows, size) : 0;
}

int loader__drain(int kind, unsigned char *rows, int size)
{
	int used;

	if (row_size(kind) < 0 || size < row_size(kind))
		return -EINVAL;
	if (counter__has(kind))
		return 0;
	counter__lock();
	used = drain(kind, rows, size);
	counter__unlock();
	return used;
}

/* Where they lie, in the ring. Names belong to what is counted, and need a row to be written to. */
int reader__count(int kind)
{
	struct ring *ring = the_reader.rings[kind];
	struct ring_walk walk;
	const unsigned char *row;
	struct drop_row named;
	int taken = 0;

	if (!ring)
		return 0;
	walk = ring__begin(ring);
	_Static_assert(sizeof(named) >= sizeof(struct reset_row), "of the kinds with names the largest");
	while ((row = ring__next(ring, &walk, row_size(kind)))) {
		if (names__has(kind)) {
			memcpy(&named, row, (size_t)row_size(kind));
			names__fill(kind, (unsigned char *)&named);
			row = (const unsigned char *)&named;
		}
		tally__row(kind, row);
		met__row(row);
		if (++taken % ROWS_A_RELEASE == 0)
			ring__end(ring, &walk);
	}
	ring__end(ring, &walk);
	return walk.is_broken ? -EPROTO : taken;
}

int loader__counters(unsigned char *counters, int size)
{
	int cpus = libbpf_num_possible_cpus();
	struct kind_counters *each, sum;

	if (size < (int)(KIND_COUNT * sizeof(sum)) || cpus < 1)
		return -EINVAL;
	each = calloc((size_t)cpus, sizeof(*each));
	if (!each)
		return -ENOMEM;
	for (__u32 kind = 0; kind < KIND_COUNT; kind++) {
		memset(&sum, 0, sizeof(sum));
		if (bpf_map_lookup_elem(the_reader.counters_fd, &kind, each) == 0) {
			for (int cpu = 0; cpu < cpus; cpu++) {
				sum.written += each[cpu].written;
				sum.ring_lost += each[cpu].ring_lost;
				sum.no_storage += each[cpu].no_storage;
				sum.withheld += each[cpu].withheld;
				sum.filtered += each[cpu].filtered;
			}
		}
		if (kind == KIND_CONNECTION)
			sum.missed = lifetimes__missed();
		if (kind == KIND_NAMESPACE) {
			sum.written += ledger__counters()->written;
			sum.ring_lost += ledger__counters()->ring_lost;
		}
		memcpy(counters + kind * sizeof(sum), &sum, sizeof(sum));
	}
	free(each);
	return (int)(KIND_COUNT * sizeof(sum));
}

int loader__reasons(unsigned char *names, int size)
{
	return names__list((char *)names, size);
}

void reader__close(struct reader *reader)
{
	sweep__close();
	lifetimes__close();
	for (int kind = 0; kind < KIND_COUNT; kind++)
		ring__close(reader->rings[kind]);
	memset(reader, 0, sizeof(*reader));
}
