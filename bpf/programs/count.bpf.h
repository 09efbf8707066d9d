/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPLENS_COUNT_BPF_H
#define TCPLENS_COUNT_BPF_H

#include "kernel.h"

/*
 * Each processor has its own counters. The addition must be atomic all the same: an interrupt's program may count on this processor
 * between the read and the write.
 */
static __always_inline void count_some(__u64 *counter, __u64 some)
{
	__sync_fetch_and_add(counter, some);
}

static __always_inline void count_one(__u64 *counter)
{
	count_some(counter, 1);
}

#endif
