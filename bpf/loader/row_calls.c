// SPDX-License-Identifier: GPL-2.0-only
/* The calls about rows. Each takes the lock that the counting thread takes too. */
#include "../rows/rows.h"
#include "counter.h"
#include "loader.h"
#include "reader.h"
#include "row_size.h"
#include "tally.h"
#include "tally_groups.h"
#include <errno.h>

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

/* Rows that wait are counted first, so that the answer has them. */
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
