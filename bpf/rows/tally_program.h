/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rows are added up where they are taken out: SELECT sums, histograms GROUP BY members of a row. What to add up is a program that
 * agent/metrics/ makes from its list of metrics, by way of rows.gen.ts. The C that runs it (tally.c) knows no metric.
 */
#ifndef TCPLENS_TALLY_H
#define TCPLENS_TALLY_H

#include "rows.h"

#define TALLY_PLANS_MAX 16
#define TALLY_PARTS_MAX 10
#define TALLY_VALUES_MAX 10
#define TALLY_HISTOGRAMS_MAX 2
#define TALLY_BOUNDS_MAX 512
#define TALLY_TERMS 2
#define TALLY_TERM_BYTES 32
#define TALLY_PLAIN_BYTES 8
#define TALLY_TERMS_LIMIT 60000
#define TALLY_GROUPS_LIMIT 100000
#define TALLY_IPV4 0    /* in place of a size: 1 where 16 bytes hold an IPv4 address as ::ffff/96, else 0 */
#define TALLY_NONE 255  /* in place of a value's number */

/* What rows are grouped by. A term can have many values, so the number of each term's values is bounded; plain bytes have few. */
struct tally_key {
	__u8 term[TALLY_TERMS * TALLY_TERM_BYTES];
	__u8 plain[TALLY_PLAIN_BYTES];
};

/* One member that goes into the key. */
struct tally_part {
	__u32 below;   /* a number of two bytes that is not below this goes in as 0; 0: any goes in as it is */
	__u16 from;    /* offset in the row */
	__u16 when;    /* offset of a byte in the row: */
	__u8 if_is;    /* 1: only where that byte is `is`, else 0 goes in */
	__u8 is;
	__u8 size;     /* 1, 2, 4, 16 or 32 bytes, or TALLY_IPV4 */
	__u8 to;       /* offset in struct tally_key, aligned as the size has it */
};

/* One member that is added up, of 4 or 8 bytes. */
struct tally_value {
	__u16 from;
	__u8 size;
	__u8 most;     /* number of an earlier value of the row, which bounds this one */
	__u8 less;     /* number of an earlier value that is first taken off that bound */
	__u8 pad;
};

struct tally_histogram {
	__u16 from;
	__u8 size;
	__u8 pad;
};

/* Which rows of a kind it takes, and what it adds up of them. A row counts in each plan that takes it. */
struct tally_plan {
	enum kind kind;
	__u8 if_is;    /* 1: only rows whose byte at `when` is `is` */
	__u8 is;
	__u8 parts;
	__u8 values;
	__u8 histograms;
	__u16 when;
	struct tally_part part[TALLY_PARTS_MAX];
	struct tally_value value[TALLY_VALUES_MAX];
	struct tally_histogram histogram[TALLY_HISTOGRAMS_MAX];
};

struct tally_program {
	__u32 plans;
	__u32 bounds;
	__u32 groups_max;               /* the most groups; then rows that need another one go into one overflow group a plan */
	__u32 pad;
	__u32 terms_max[TALLY_TERMS];   /* the most terms that are kept whole; of a further one only this many bytes count: */
	__u32 terms_kept[TALLY_TERMS];
	__u64 bound[TALLY_BOUNDS_MAX];  /* ascending: bucket n has what is above bound n - 1 and at most bound n */
	struct tally_plan plan[TALLY_PLANS_MAX];
};

struct tally_histogram_sums {
	__u64 sum;
	__u64 min;     /* of the values that are not 0; if there are none, all ones */
	__u64 max;
	__u64 buckets; /* how many hold something */
};

/* A group as it is read: this struct, then two UInt64 for each bucket that holds something, its number and its count. */
struct tally_group {
	__u32 size;      /* of the struct and the buckets */
	__u8 plan;
	__u8 cut;        /* bit n: of term n only the first bytes are there, since there were too many terms */
	__u8 overflow;   /* 1: this is the overflow group of the plan; its key is empty */
	__u8 pad;
	struct tally_key key;
	__u64 rows;
	__u64 values[TALLY_VALUES_MAX];
	struct tally_histogram_sums histograms[TALLY_HISTOGRAMS_MAX];
};

#define TALLY_SIZES_HOLD \
	_Static_assert(sizeof(struct tally_key) == 72, "tally_key"); \
	_Static_assert(sizeof(struct tally_plan) == 196, "tally_plan"); \
	_Static_assert(sizeof(struct tally_program) == 7264, "tally_program"); \
	_Static_assert(sizeof(struct tally_group) == 232, "tally_group")

TALLY_SIZES_HOLD;

#endif
