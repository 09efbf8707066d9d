/* SPDX-License-Identifier: GPL-2.0-only */
/* What the loader learns by a look into a network namespace. The texts of the files with its counters follow, each ended by a zero. */
#ifndef TCPLENS_NETNS_LOOK_H
#define TCPLENS_NETNS_LOOK_H

#include "rows.h"

struct netns_look {
	__u64 cookie;
	__u64 inode;
	__u64 boot_ns;    /* CLOCK_BOOTTIME and the wall clock before the files were read */
	__u64 time_ns;
	__u64 attributed; /* segments of retransmit rows, sent and failed; read after the files */
};

_Static_assert(sizeof(struct netns_look) == 40, "agent/loader-values.ts reads it");

#endif
