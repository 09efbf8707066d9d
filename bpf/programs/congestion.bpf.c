// SPDX-License-Identifier: GPL-2.0-only
/* The congestion control's view of a path: a row where a connection enters or leaves recovery, loss or a reduction. */
#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "flow.bpf.h"
#include "memory.bpf.h"
#include "ring.bpf.h"
#include "../rows/rows.h"
#include "sending.bpf.h"

RING(congestion);

static __always_inline bool is_episode(__u8 ca_state)
{
	return ca_state == CA_STATE_RECOVERY || ca_state == CA_STATE_LOSS;
}

/* A change between Open and Disorder gets no row: every hole that a SACK shows makes one, and it says little about the path. */
static __always_inline bool is_told(__u8 ca_state)
{
	return ca_state != CA_STATE_OPEN && ca_state != CA_STATE_DISORDER;
}

static __always_inline void fill(struct congestion_row *row, struct tcp_sock *tp)
{
	row->snd_cwnd = tp->snd_cwnd;
	row->snd_ssthresh = tp->snd_ssthresh;
	row->packets_out = tp->packets_out;
	row->lost_out = tp->lost_out;
	row->sacked_out = tp->sacked_out;
	row->retrans_out = tp->retrans_out;
	row->reordering = tp->reordering;
}

static __always_inline void fill_repair(struct congestion_row *row, struct tcp_sock *tp, const struct repair *repair,
					__u64 now_ns)
{
	const struct told *told = &repair->told_congestion;
	const struct doubt *doubt = &repair->doubt;
	__u32 undone = doubt->undos != told->undos ? tp->total_retrans - doubt->episode_retrans : 0;

	row->duration_us = us_since(repair->ca_state_ns, now_ns);
	row->retrans = tp->total_retrans - repair->told_retrans;
	row->dsack_dups = tp->dsack_dups - told->dsack_dups;
	row->retrans_spurious = undone > row->dsack_dups ? undone : row->dsack_dups;
	row->evidence = evidence_since(told, doubt, tp);
}

static __always_inline void report(struct tcp_sock *tp, struct memory *memory, struct repair *repair, __u64 id, __u64 now_ns,
				   __u8 old_ca_state, __u8 new_ca_state)
{
	struct filter_facts facts = { .old_ca_state = old_ca_state, .new_ca_state = new_ca_state };
	struct congestion_row *row;
	struct row_head head = {};

	head_fill(&head, tp, memory, id, now_ns);
	row = row_begin(&ring_congestion, KIND_CONGESTION, sizeof(*row), &head, &facts);
	if (!row)
		return;
	fill(row, tp);
	row->old_ca_state = old_ca_state;
	row->new_ca_state = new_ca_state;
	if (repair) {
		fill_repair(row, tp, repair, now_ns);
		tell(&repair->told_congestion, &repair->doubt, tp);
		repair->told_retrans = tp->total_retrans;
	}
	row_submit(row);
}

/*
 * The kernel fires this before the socket has the new state. It also fires it for a state that stays the same, and where a socket
 * is set up or closed.
 */
SEC("tp_btf/tcp_cong_state_set")
int BPF_PROG(tcp_cong_state_set, struct sock *sk, __u8 new_ca_state)
{
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);
	__u64 now_ns = bpf_ktime_get_boot_ns();
	struct repair *repair = NULL;
	struct memory *memory;
	__u8 old_ca_state, state;
	bool begins;
	__u64 id;

	if (!tp)
		return 0;
	state = tp->inet_conn.icsk_inet.sk.__sk_common.skc_state;
	old_ca_state = BPF_CORE_READ_BITFIELD(&tp->inet_conn, icsk_ca_state);
	if (old_ca_state == new_ca_state || state == STATE_LISTEN || state == STATE_CLOSE)
		return 0;
	id = bpf_get_socket_cookie(tp);
	memory = memory_of(tp, id, now_ns);
	if (memory)
		repair = repair_make(tp, memory);
	if (!repair)
		count_no_storage(KIND_CONGESTION);
	/* When the kernel reduces the window for a congestion mark (CWR) it clears undo_marker. That must not count as an undo. */
	if (repair && new_ca_state == CA_STATE_CWR)
		doubt_end(&repair->doubt);
	begins = !is_episode(old_ca_state) && is_episode(new_ca_state);
	if (repair && begins)
		doubt_settle(&repair->doubt, tp);
	if (memory)
		memory_look(memory, repair, tp);
	if (repair && begins)
		doubt_begin(&repair->doubt, tp);
	if (is_told(old_ca_state) || is_told(new_ca_state))
		report(tp, memory, repair, id, now_ns, old_ca_state, new_ca_state);
	if (repair)
		repair->ca_state_ns = now_ns;
	if (memory)
		sending_forget(memory);
	return 0;
}

char _license[] SEC("license") = "GPL";
