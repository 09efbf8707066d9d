/* SPDX-License-Identifier: GPL-2.0-only */
/* A slice of a sweep: what the loader tells the program for one read of its iterator, and the rows that the program finds. */
#ifndef TCPLENS_SWEEP_SLICE_H
#define TCPLENS_SWEEP_SLICE_H

#include "rows.h"

#define SLICE_VISITS_MIN 4096
#define SLICE_VISITS_MAX 32768
#define ROW_VISITS 2 /* a socket with a row counts as so many visits; one that stands still counts as one */
#define SLICE_ROWS (SLICE_VISITS_MAX / ROW_VISITS + 1)

struct sweep_slice {
	__u64 now_ns; /* CLOCK_BOOTTIME when the slice begins */
	__s32 visits; /* still allowed; 0 ends the slice */
	__u32 rows;   /* written so far */
	__u64 alive;  /* connections that the sweep has met, in all slices */
	struct sample_row row[SLICE_ROWS];
};

/* What is known of sweeps beside their rows. */
struct swept {
	__u64 finished; /* sweeps that came to their end; of the last one: */
	__u64 alive;    /* the connections that it met */
	__u64 slices;
};

#endif
