/* SPDX-License-Identifier: GPL-2.0-only */
/* How many connections the programs have known. One that neither ended nor is there any more ended where no program saw it. */
#ifndef TCPLENS_LIFETIMES_H
#define TCPLENS_LIFETIMES_H

struct lifetimes {
	__u64 begun; /* memories that became a connection's */
	__u64 ended; /* of those, the ones whose end a program saw */
	__u64 unopened; /* of those, the ones that had been open, which no program had seen */
};

#endif
