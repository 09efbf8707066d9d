// SPDX-License-Identifier: GPL-2.0-only
#include "clock.h"

__u64 clock__ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (__u64)now.tv_sec * 1000000000ULL + (__u64)now.tv_nsec;
}

#define TRIES 5
#define AT_ONCE_NS 2000

/*
 * Read anew for each drain: after a step of the wall clock, rows drained from then on have the new time. Whoever is interrupted
 * between the two clocks tries again: it would shift all times of the drain.
 */
__u64 clock__offset_ns(void)
{
	__u64 offset_ns = 0, shortest_ns = ~0ULL;

	for (int tries = 0; tries < TRIES && shortest_ns > AT_ONCE_NS; tries++) {
		__u64 before_ns = clock__ns(CLOCK_BOOTTIME), wall_ns = clock__ns(CLOCK_REALTIME);
		__u64 took_ns = clock__ns(CLOCK_BOOTTIME) - before_ns;

		if (took_ns >= shortest_ns)
			continue;
		shortest_ns = took_ns;
		offset_ns = wall_ns - before_ns - took_ns / 2;
	}
	return offset_ns;
}
