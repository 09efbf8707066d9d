/* SPDX-License-Identifier: GPL-2.0-only */
/* What the witness's programs leave for its user space. */
#ifndef WITNESS_H
#define WITNESS_H

#include <linux/types.h>

/* The softirqs in which TCP sends, receives and times out: TIMER, NET_TX, NET_RX, TASKLET and HRTIMER. */
#define COUNTED_VECTORS (1 << 1 | 1 << 2 | 1 << 3 | 1 << 6 | 1 << 8)

/* Events of one network namespace. */
struct witnessed {
	__u64 retransmits; /* attempts to send a packet again, those refused included */
	__u64 segments;    /* of these */
	__u64 state_changes;
	__u64 opens;
	__u64 ends; /* of sockets that did not listen */
	__u64 inode; /* of the namespace */
};

struct softirqs {
	__u64 seen;
	__u64 burst; /* the most segments that one of them sent again */
};

#endif
