// SPDX-License-Identifier: GPL-2.0-only
/* The calls about rows: each of them and the thread that counts take turns. */
#include "../rows/rows.h"
#include "counter.h"
#include "loader.h"
#include "maps.h"
#include "reader.h"
#include "row_size.h"
#include "tally.h"
#include "tally_groups.h"
#include "unseen.h"
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int loader__drain(int kind, unsigned char *rows, int size)
{
	int used;

	if (row_size(kind) < 0 || size < row_size(kind))
		return -EINVAL;
	if (counter__has(kind))
		return 0;
	counter__lock();
	used = reader__drain(kind, rows, size);
	counter__unlock();
	return used;
}

int loader__tally(const unsigned char *program, int size)
{
	int error;

	counter__lock();
	error = tally__start(program, size);
	counter__unlock();
	return error;
}

/* What waits is counted before it is told of. */
int loader__tallied(int from, unsigned char *groups, int size)
{
	int result;

	counter__lock();
	result = from == 0 ? counter__count() : 0;
	if (result >= 0)
		result = groups__write(from, groups, size);
	counter__unlock();
	return result;
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
		if (bpf_map_lookup_elem(shared_map("counters"), &kind, each) == 0) {
			for (int cpu = 0; cpu < cpus; cpu++) {
				sum.written += each[cpu].written;
				sum.ring_lost += each[cpu].ring_lost;
				sum.no_storage += each[cpu].no_storage;
				sum.withheld += each[cpu].withheld;
				sum.filtered += each[cpu].filtered;
			}
		}
		if (kind == KIND_CONNECTION)
			sum.missed = unseen__count();
		memcpy(counters + kind * sizeof(sum), &sum, sizeof(sum));
	}
	free(each);
	return (int)(KIND_COUNT * sizeof(sum));
}
