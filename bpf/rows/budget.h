/* SPDX-License-Identifier: GPL-2.0-only */
/* A budget of rows: how many a second, and how many at once. The loader sets it, and the programs in the kernel keep to it. */
#ifndef TCPLENS_BUDGET_H
#define TCPLENS_BUDGET_H

#ifndef TCPLENS_KERNEL_H /* which defines the same types */
#include <linux/types.h>
#endif

/*
 * A token bucket kept as one number (the generic cell rate algorithm): the time at which it is full again. A row is
 * within the budget if its token moves that time no further ahead than a whole bucket takes to fill.
 */
struct budget {
	__u32 interval_ns; /* the time in which one token comes; 0: no limit */
	__u32 burst;       /* tokens in the full bucket */
	__u64 full_ns;     /* CLOCK_BOOTTIME */
};

#define BUDGET_TRIES 8

/*
 * Takes a token; false: there is none. It is exact on any number of processors, without a lock. A caller that loses the race with
 * others at every try gets no token, so that the budget is never exceeded.
 */
static inline __attribute__((always_inline)) int budget_take(struct budget *budget, __u64 now_ns)
{
	__u64 interval_ns = budget->interval_ns;
	__u64 bucket_ns = interval_ns * budget->burst;

	if (!interval_ns)
		return 1;
#pragma GCC unroll 1 /* not unrolled: the verifier can follow the loop */
	for (int i = 0; i < BUDGET_TRIES; i++) {
		__u64 full_ns = *(volatile __u64 *)&budget->full_ns;
		__u64 next_ns = (full_ns > now_ns ? full_ns : now_ns) + interval_ns;

		if (next_ns - now_ns > bucket_ns)
			return 0;
		if (__sync_val_compare_and_swap(&budget->full_ns, full_ns, next_ns) == full_ns)
			return 1;
	}
	return 0;
}

#endif
