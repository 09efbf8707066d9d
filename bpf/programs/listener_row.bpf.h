/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A listener's row: in every sweep, since its queue may be full while no counter moves, and once more where it stops to listen. So
 * what it counted after the last sweep is told too, and one that lived between two sweeps has a row.
 */
#ifndef TCPLENS_LISTENER_ROW_BPF_H
#define TCPLENS_LISTENER_ROW_BPF_H

#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include "flow.bpf.h"
#include "listener.bpf.h"
#include "memory.bpf.h"
#include "ring.bpf.h"
#include "../rows/rows.h"
#include "tcp.bpf.h"

RING(listener);

/*
 * A sweep and the end of the listener may meet: whoever moves the time of its last row tells what it counted. False: the other one
 * does that at this moment.
 */
static __always_inline bool listener_claim(struct memory *memory, __u64 last_ns, __u64 now_ns)
{
	return __sync_val_compare_and_swap(&memory->accounts[0].time_ns, last_ns, now_ns) == last_ns;
}

/* A socket that was shut down may listen again: what it counted before has been told. */
static __always_inline void listener_begin(struct memory *memory, const struct tcp_sock *tp, __u64 id)
{
	memory->listening.drops = tp->inet_conn.icsk_inet.sk.sk_drops.counter;
	memory->listening.accepted = listener_accepted(id);
}

static __always_inline void listener_counted(struct listener_row *row, struct memory *memory, __u64 id, __u64 last_ns, __u64 now_ns)
{
	__u32 accepted = listener_accepted(id), overflows = memory->listening.overflows;

	row->interval_us = us_since(last_ns, now_ns);
	row->overflows = overflows - memory->listening.overflows_told;
	row->drops = row->drops_total - memory->listening.drops;
	/* Where the map has let it go, it counts from 0 again. */
	row->accepted = accepted >= memory->listening.accepted ? accepted - memory->listening.accepted : accepted;
	memory->listening.overflows_told = overflows;
	memory->listening.drops = row->drops_total;
	memory->listening.accepted = accepted;
}

/* `state`: LISTEN in a sweep, CLOSE at the end. The row goes through a ring, not the sweep's slice. */
static __always_inline void report_listener(struct tcp_sock *tp, struct memory *memory, __u64 id, __u64 now_ns, enum state state)
{
	struct inet_connection_sock *icsk = &tp->inet_conn;
	struct sock *sk = &icsk->icsk_inet.sk;
	__u64 last_ns = memory->accounts[0].time_ns;
	struct filter_facts facts = {};
	struct listener_row *row;
	struct row_head head = {};

	head_fill(&head, tp, memory, id, now_ns);
	head.role = ROLE_SERVER;
	head.state = state;
	row = row_begin(&ring_listener, KIND_LISTENER, sizeof(*row), &head, &facts);
	if (!row)
		return;
	row->accept_queue = sk->sk_ack_backlog;
	row->accept_queue_limit = sk->sk_max_ack_backlog;
	row->syn_backlog = icsk->icsk_accept_queue.qlen.counter;
	row->drops_total = sk->sk_drops.counter;
	row->defer_accept = icsk->icsk_accept_queue.rskq_defer_accept != 0;
	row->fast_open = icsk->icsk_accept_queue.fastopenq.max_qlen != 0;
	if (listener_claim(memory, last_ns, now_ns))
		listener_counted(row, memory, id, last_ns, now_ns);
	row_submit(row);
}

#endif
