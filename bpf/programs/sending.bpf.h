/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Slow start after idle (tcp_slow_start_after_idle): when the kernel sends data after more than an RTO without sending any, it
 * first cuts the congestion window, and counts that nowhere. A write shows it: the window is smaller than when it was last noted,
 * and the data sent last is more than an RTO older. A change of the congestion state cuts the window too, so the note is then made
 * void (sending_forget()).
 */
#ifndef TCPLENS_SENDING_BPF_H
#define TCPLENS_SENDING_BPF_H

#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include "memory.bpf.h"
#include "../rows/rows.h"
#include "stall.bpf.h"
#include "tcp.bpf.h"

#define U16_MAX 0xffffU

static __always_inline union sending sending_last(const struct memory *memory)
{
	return (union sending){ .whole = *(const volatile __u64 *)&memory->io.sending.whole };
}

/* When data was last sent and the window now, with the count of restarts as it was. */
static __always_inline union sending sending_now(const struct tcp_sock *tp, union sending last)
{
	__u32 snd_cwnd = tp->snd_cwnd;

	last.lsndtime = tp->lsndtime;
	last.snd_cwnd = snd_cwnd < U16_MAX ? snd_cwnd : U16_MAX;
	return last;
}

/* Replaces the last note by this one. False: another program came first, and its note serves as well. */
static __always_inline bool sending_turn(struct memory *memory, struct tcp_sock *tp, union sending last, union sending now)
{
	if (__sync_val_compare_and_swap(&memory->io.sending.whole, last.whole, now.whole) != last.whole)
		return false;
	if (now.lsndtime != last.lsndtime)
		transfer_sent(memory, tp, last.lsndtime ? now.lsndtime - last.lsndtime : 0);
	return true;
}

/* Notes when data was last sent and the window, for the next write to compare with. */
static __always_inline void sending_look(struct memory *memory, struct tcp_sock *tp)
{
	union sending last = sending_last(memory), now = sending_now(tp, last);

	if (now.whole != last.whole)
		sending_turn(memory, tp, last, now);
}

/* Whether the kernel cut the window after an idle time. It does so for no algorithm that has its own cong_control (as BBR has). */
static __always_inline bool is_restart(const struct tcp_sock *tp, union sending last, union sending now)
{
	const struct inet_connection_sock *icsk = &tp->inet_conn;

	return now.snd_cwnd < last.snd_cwnd && now.lsndtime - last.lsndtime > icsk->icsk_rto && !icsk->icsk_ca_ops->cong_control;
}

/* Called after a write. A second write in the same jiffy need not be looked at. */
static __always_inline void sending_wrote(struct memory *memory, struct tcp_sock *tp)
{
	union sending last = sending_last(memory), now;
	__u64 idle_us;
	bool restart;

	if (tp->lsndtime == last.lsndtime)
		return;
	now = sending_now(tp, last);
	restart = is_restart(tp, last, now);
	if (restart && now.idle_restarts < U16_MAX)
		now.idle_restarts++;
	if (!sending_turn(memory, tp, last, now) || !restart)
		return;
	idle_us = (__u64)(now.lsndtime - last.lsndtime) * jiffy_us;
	if (idle_us > memory->idle_restart_us)
		memory->idle_restart_us = idle_us < ~0U ? idle_us : ~0U;
}

/* The window changes for another reason: the next note says nothing about idle times. */
static __always_inline void sending_forget(struct memory *memory)
{
	memory->io.sending.snd_cwnd = 0;
}

#endif
