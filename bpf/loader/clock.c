// SPDX-License-Identifier: GPL-2.0-only
#include "clock.h"

__u64 clock__ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (__u64)now.tv_sec * 1000000000ULL + (__u64)now.tv_nsec;
}

/* Read anew for each drain: after a step of the wall clock, rows drained from then on have the new time. */
__u64 clock__offset_ns(void)
{
	return clock__ns(CLOCK_REALTIME) - clock__ns(CLOCK_BOOTTIME);
}
