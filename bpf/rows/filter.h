/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A filter as the kernel has it: a jump program of steps that only lead forward. Each step asks whether one fact of a row lies in a
 * range, and says where to go on after yes and after no. agent/filter/ compiles the filter language to it, and takes the layout
 * from here by way of rows.gen.ts.
 */
#ifndef TCPLENS_FILTER_H
#define TCPLENS_FILTER_H

#include "budget.h"
#include "rows.h"

#define FILTER_SLOTS 8      /* filters at a time */
#define FILTER_STEPS_MAX 64
#define FILTER_ACCEPT 254   /* in place of a next step */
#define FILTER_REJECT 255

/* In filter_control, beside a bit for each slot: */
#define FILTER_EXCLUSIVE (1U << 31) /* only rows that a filter wants are written */
#define FILTER_SCOPED (1U << 28)    /* rows that the filter of slot FILTER_SCOPE does not want are not written */
#define FILTER_SCOPE 0

/*
 * What a filter can ask about a row beyond its head. The program that makes the row sets the facts that its kind has; each of them
 * also goes into the row, as the member of the same name.
 */
struct filter_facts {
	enum class class;             /* retransmit */
	enum outcome outcome;         /* retransmit */
	enum event event;             /* connection */
	enum end_reason end_reason;   /* connection */
	enum direction direction;     /* reset, drop, packet */
	enum state old_state;         /* state_change */
	enum state new_state;         /* state_change */
	enum ca_state ca_state;       /* retransmit, sample, progress */
	enum ca_state old_ca_state;   /* congestion */
	enum ca_state new_ca_state;   /* congestion */
	enum meaning meaning;         /* drop */
	__u8 pad[1];
	__u32 reason_code;            /* reset, drop */
};

/*
 * All facts as 64-bit words; of a 128-bit number the higher half comes first. So every question is whether a number lies in a
 * range. A step reads two words from where its fact begins, so no fact begins in the last word.
 */
struct filter_words {
	struct filter_facts facts;
	enum kind kind;
	enum role role;
	enum state state;
	__u8 pad;
	__u16 local_port;
	__u16 peer_port;
	__u32 pid;
	__u32 uid;
	__u32 srtt_us;
	__u32 pad_words;
	__u64 cgroup_id;
	__u64 netns;
	__u64 local_addr_high;
	__u64 local_addr_low;
	__u64 peer_addr_high;
	__u64 peer_addr_low;
	__u64 comm_high;
	__u64 comm_low;
};

#define FILTER_WORDS (sizeof(struct filter_words) / sizeof(__u64))

struct filter_step {
	__u64 from_high;  /* the range, with both its ends; for a fact within one word the low halves are 0 and all ones */
	__u64 from_low;
	__u64 to_high;
	__u64 to_low;
	__u16 kinds;      /* bit n: rows of kind n have the fact; for others the answer is no */
	__u8 word;        /* of struct filter_words */
	__u8 left;        /* shifts that leave only the fact of its word */
	__u8 right;
	__u8 yes;        /* next step: a later one, FILTER_ACCEPT or FILTER_REJECT */
	__u8 no;
	__u8 pad;
};

/* matched = passed + over_budget. */
struct filter_counters {
	__u64 evaluated;   /* rows that it was asked about */
	__u64 matched;
	__u64 passed;
	__u64 over_budget; /* rows that it wants and its budget withholds */
};

struct filter {
	row_id id;        /* chosen by who sets the filter; nothing here depends on it */
	row_time end_ns;  /* from then on it is not evaluated: CLOCK_BOOTTIME in the kernel, wall clock in loader__filter() */
	struct filter_step steps[FILTER_STEPS_MAX];
	struct budget budget;
	struct filter_counters counters;
};

#define FILTER_SIZES_HOLD \
	_Static_assert(sizeof(struct filter_facts) == 16, "filter_facts"); \
	_Static_assert(sizeof(struct filter_words) == 104, "filter_words"); \
	_Static_assert(sizeof(struct filter_step) == 40, "filter_step"); \
	_Static_assert(sizeof(struct filter) == 2624, "filter")

FILTER_SIZES_HOLD;

#endif
