/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether retransmissions were needed. The kernel learns later that they were not: DSACKs count in dsack_dups, and an
 * undo of its congestion response shows in undo_marker, which is not zero as long as an undo is possible.
 */
#ifndef TCPLENS_DOUBT_BPF_H
#define TCPLENS_DOUBT_BPF_H

#include "kernel.h"
#include "../rows/rows.h"

struct doubt {
	row_flag syn_arrived;  /* a SYN was sent again, and its answer says that it answers the first one */
	__u8 pad[3];
	__u32 undos;           /* congestion responses that the kernel took back */
	__u32 undone;          /* segments sent again in the episodes that were taken back */
	__u32 episode_retrans; /* total_retrans where the last episode of Recovery or Loss began */
	__u32 episode;         /* counts them, times two; the lowest bit: an undo of the last is still possible */
	__u32 needed;          /* segments of the last episode whose DSACKs take it back, as of the last look; 0: none can */
	__u32 dsack_dups;      /* as of that look */
};

/* What rows of one kind have told so far. */
struct told {
	__u32 dsack_dups;
	__u32 undos;
};

static __always_inline void doubt_begin(struct doubt *doubt, const struct tcp_sock *tp)
{
	doubt->episode_retrans = tp->total_retrans;
	doubt->episode = ((doubt->episode | 1) + 1) | (tp->undo_marker != 0);
}

/* What goes on is none, and what could be undone cannot be any more. */
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
 * An ACK whose DSACK takes the last episode back may begin the next one too. The marker is then set again before any program
 * runs: that all segments of the episode came twice tells of the undo. To be called before the look at the new episode.
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
 * Notices an undo, once. One that comes by DSACK after the episode's end changes no state: every look at the socket looks
 * for it, and so does a sweep, which holds no lock.
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
	/* A handshake's timeout is judged by its answer, with the state still unchanged. What was sent again for it is no data. */
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

/* Of one segment both kinds of evidence may speak, so they are not added; a network that duplicates makes DSACKs too. */
static __always_inline __u32 retrans_spurious(__u32 undone, __u32 dsack_dups, __u32 total_retrans)
{
	__u32 most = undone > dsack_dups ? undone : dsack_dups;

	return most < total_retrans ? most : total_retrans;
}

#endif
