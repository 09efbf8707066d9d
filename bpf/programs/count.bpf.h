/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPLENS_COUNT_BPF_H
#define TCPLENS_COUNT_BPF_H

#include "kernel.h"

/* A counter is its processor's, but an interrupt's program may count between this one's read and its write: so in one step. */
static __always_inline void count_some(__u64 *counter, __u64 some)
{
	__sync_fetch_and_add(counter, some);
}

static __always_inline void count_one(__u64 *counter)
{
	count_some(counter, 1);
}

#endif
