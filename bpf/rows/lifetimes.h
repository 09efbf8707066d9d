/* SPDX-License-Identifier: GPL-2.0-only */
/* How many connections the programs have known. One that has neither ended nor is there any more has ended unseen. */
#ifndef TCPLENS_LIFETIMES_H
#define TCPLENS_LIFETIMES_H

struct lifetimes {
	__u64 begun; /* connections that got a memory */
	__u64 ended; /* of these, those whose end a program saw */
	__u64 unopened; /* of these, those that had been open though no program saw them open */
};

#endif
