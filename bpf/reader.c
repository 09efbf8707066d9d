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

struct reader the_reader;

/* Where rows are moved to. */
int row_size(int kind)
{
	switch (kind) {
	case KIND_RETRANSMIT:
		return sizeof(struct retransmit_row);
	case KIND_CONNECTION:
		return sizeof(struct connection_row);
	case KIND_STATE_CHANGE:
		return sizeof(struct state_change_row);
	case KIND_SAMPLE:
		return sizeof(struct sample_row);
	case KIND_RESET:
		return sizeof(struct reset_row);
	case KIND_CONGESTION:
		return sizeof(struct congestion_row);
	case KIND_DROP:
		return sizeof(struct drop_row);
	case KIND_LISTENER:
		return sizeof(struct listener_row);
	case KIND_NAMESPACE:
		return sizeof(struct namespace_row);
	default:
		return -EINVAL;
	}
}

/* A clock step shows in rows drained after it. */
__u64 clock_offset_ns(void)
{
	struct timespec wall, boot;

	clock_gettime(CLOCK_REALTIME, &wall);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	return (__u64)(wall.tv_sec - boot.tv_sec) * 1000000000ULL + (__u64)(wall.tv_nsec - boot.tv_nsec);
}

/* What the kernel side leaves to be filled in: the wall clock, and names for numbers. */
static void complete(int kind, unsigned char *row, __u64 offset_ns)
{
	__u64 time_ns;

	memcpy(&time_ns, row, sizeof(time_ns));
	time_ns += offset_ns;
	memcpy(row, &time_ns, sizeof(time_ns));
	names__fill(kind, row);
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

/* Whole rows as the kernel side has them. */
static int take(struct reader *reader, int kind, unsigned char *rows, int size)
{
	if (kind == KIND_SAMPLE)
		return sweep__drain(rows, size);
	if (kind == KIND_NAMESPACE)
		return ledger__drain(rows, size);
	return reader->rings[kind] ? ring__drain(reader->rings[kind], rows, size, row_size(kind)) : 0;
}

int loader__drain(int kind, unsigned char *rows, int size)
{
	__u64 offset_ns = clock_offset_ns();
	int used;

	if (row_size(kind) < 0 || size < row_size(kind))
		return -EINVAL;
	used = take(&the_reader, kind, rows, size);
	for (int at = 0; at < used; at += row_size(kind))
		complete(kind, rows + at, offset_ns);
	return used;
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
	for (int kind = 0; kind < KIND_COUNT; kind++)
		ring__close(reader->rings[kind]);
	memset(reader, 0, sizeof(*reader));
}
