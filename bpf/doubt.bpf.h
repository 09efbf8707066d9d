/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether retransmissions were needed. The kernel learns later that they were not: DSACKs count in dsack_dups, and an
 * undo of its congestion response shows in undo_marker, which is not zero as long as an undo is possible.
 */
#ifndef TCPLENS_DOUBT_BPF_H
#define TCPLENS_DOUBT_BPF_H

#include "kernel.h"
#include "rows.h"

struct doubt {
	__u32 undos;           /* congestion responses that the kernel took back */
	__u32 undone;          /* segments sent again in the episodes that were taken back */
	__u32 episode_retrans; /* total_retrans where the last episode of Recovery or Loss began */
	row_flag open;         /* an undo of that episode is still possible */
	__u8 pad[3];
};

/* What rows of one kind have told so far. */
struct told {
	__u32 dsack_dups;
	__u32 undos;
	__u32 total_retrans;
};

static __always_inline void doubt_begin(struct doubt *doubt, const struct tcp_sock *tp)
{
	doubt->episode_retrans = tp->total_retrans;
	doubt->open = tp->undo_marker != 0;
}

/* Notices an undo. One that comes by DSACK after the episode's end changes no state: every look at the socket looks for it. */
static __always_inline void doubt_look(struct doubt *doubt, const struct tcp_sock *tp)
{
	if (!doubt->open || tp->undo_marker)
		return;
	doubt->open = 0;
	doubt->undos++;
	doubt->undone += tp->total_retrans - doubt->episode_retrans;
}

static __always_inline enum evidence evidence_since(const struct told *told, const struct doubt *doubt,
						    const struct tcp_sock *tp)
{
	return (tp->dsack_dups != told->dsack_dups ? EVIDENCE_DSACK : 0) | (doubt->undos != told->undos ? EVIDENCE_UNDO : 0);
}

static __always_inline void tell(struct told *told, const struct doubt *doubt, const struct tcp_sock *tp)
{
	told->dsack_dups = tp->dsack_dups;
	told->undos = doubt->undos;
	told->total_retrans = tp->total_retrans;
}

/* Of one segment both kinds of evidence may speak, so they are not added; a network that duplicates makes DSACKs too. */
static __always_inline __u32 retrans_spurious(const struct doubt *doubt, const struct tcp_sock *tp)
{
	__u32 most = doubt->undone > tp->dsack_dups ? doubt->undone : tp->dsack_dups;

	return most < tp->total_retrans ? most : tp->total_retrans;
}

#endif
