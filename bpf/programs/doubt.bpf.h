/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether retransmissions were needed. The kernel learns afterwards that some were not, in two ways. DSACKs raise dsack_dups. And
 * it may undo its congestion response: it then clears undo_marker, which is not zero as long as an undo is possible.
 */
#ifndef TCPLENS_DOUBT_BPF_H
#define TCPLENS_DOUBT_BPF_H

#include "kernel.h"
#include "../rows/rows.h"

struct doubt {
	row_flag syn_arrived;  /* a SYN was sent again, and the SYN-ACK shows that it answers the first one */
	__u8 pad[3];
	__u32 undos;           /* congestion responses that the kernel took back */
	__u32 undone;          /* segments sent again in the episodes that were undone */
	__u32 episode_retrans; /* total_retrans when the last episode of Recovery or Loss began */
	__u32 episode;         /* twice the number of episodes; lowest bit 1: the last one may still be undone */
	__u32 needed;          /* at the last look: how many more segments DSACKs must report for an undo of the last episode; 0: DSACKs cannot undo it */
	__u32 dsack_dups;      /* at that look */
};

/* What rows of one kind have reported so far: the next one reports what has come since. */
struct told {
	__u32 dsack_dups;
	__u32 undos;
};

static __always_inline void doubt_begin(struct doubt *doubt, const struct tcp_sock *tp)
{
	doubt->episode_retrans = tp->total_retrans;
	doubt->episode = ((doubt->episode | 1) + 1) | (tp->undo_marker != 0);
}

/*
 * The last episode cannot be undone any more, since the kernel clears undo_marker for another reason. That is not counted as an
 * undo.
 */
static __always_inline void doubt_end(struct doubt *doubt)
{
	doubt->episode &= ~1U;
}

static __always_inline void doubt_undone(struct doubt *doubt, __u32 retrans)
{
	doubt->undos++;
	doubt->undone += retrans;
}

/*
 * Notices an undo that doubt_look() cannot see. One ACK may undo the last episode by its DSACK and begin the next one; the kernel
 * has then set undo_marker again before any program runs. It was an undo if DSACKs have since reported all segments that were still
 * needed for one. To be called before the new episode is looked at.
 */
static __always_inline void doubt_settle(struct doubt *doubt, const struct tcp_sock *tp)
{
	__u32 episode = doubt->episode;

	if (!(episode & 1) || !tp->undo_marker || !doubt->needed || tp->dsack_dups - doubt->dsack_dups < doubt->needed)
		return;
	if (__sync_val_compare_and_swap(&doubt->episode, episode, episode & ~1U) == episode)
		doubt_undone(doubt, tp->total_retrans - doubt->episode_retrans);
}

/*
 * Notices an undo, and counts it once. An undo by a DSACK that comes after the episode's end changes no congestion state, so it
 * fires no event. Therefore every program that handles the socket looks for it, and so does a sweep. A sweep holds no lock, hence
 * the compare-and-swap.
 */
static __always_inline void doubt_look(struct doubt *doubt, const struct tcp_sock *tp)
{
	__u32 episode = *(volatile __u32 *)&doubt->episode, retrans;
	__u8 state = tp->inet_conn.icsk_inet.sk.__sk_common.skc_state;

	if (!(episode & 1))
		return;
	if (tp->undo_marker) {
		doubt->needed = tp->undo_retrans > 0 ? tp->undo_retrans : 0;
		doubt->dsack_dups = tp->dsack_dups;
		return;
	}
	if (__sync_val_compare_and_swap(&doubt->episode, episode, episode & ~1U) != episode)
		return;
	retrans = tp->total_retrans - doubt->episode_retrans;
	/*
	 * During a handshake the answer tells whether the timeout was needed, and the state has not changed yet. What was sent
	 * again carried no data, so it is not counted as undone.
	 */
	if (retrans && (state == STATE_SYN_SENT || state == STATE_SYN_RECV)) {
		doubt->syn_arrived = state == STATE_SYN_SENT;
		return;
	}
	doubt_undone(doubt, retrans);
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
}

/*
 * The larger of the two counts: both kinds of evidence may be about the same segment, so they are not added. At most what was sent
 * again: a network that duplicates packets causes DSACKs too.
 */
static __always_inline __u32 retrans_spurious(__u32 undone, __u32 dsack_dups, __u32 total_retrans)
{
	__u32 most = undone > dsack_dups ? undone : dsack_dups;

	return most < total_retrans ? most : total_retrans;
}

#endif
