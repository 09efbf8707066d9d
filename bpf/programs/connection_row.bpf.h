/* SPDX-License-Identifier: GPL-2.0-only */
/* The members of a connection row beyond its head, taken from the socket and from its memory. */
#ifndef TCPLENS_CONNECTION_ROW_BPF_H
#define TCPLENS_CONNECTION_ROW_BPF_H

#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "local_ports.bpf.h"
#include "memory.bpf.h"
#include "../rows/rows.h"
#include "tcp.bpf.h"

/*
 * Fills the `_rest` members with what no sample row has reported. EDITION_LAST, set in the same step, keeps any sweep from
 * reporting it later.
 */
static __always_inline void fill_rest(struct connection_row *row, struct tcp_sock *tp, struct memory *memory, __u64 now_ns)
{
	__u32 edition = __sync_fetch_and_or(&memory->edition, EDITION_LAST);
	const struct account *last = &memory->accounts[edition & 1];
	__u32 chrono[3];

	row->tells_open = !!(edition & EDITION_OPENED);
	chrono_read(tp, chrono);
	row->busy_us_rest = (__u64)ahead(chrono[0], last->chrono[0]) * jiffy_us;
	row->rwnd_limited_us_rest = (__u64)ahead(chrono[1], last->chrono[1]) * jiffy_us;
	row->sndbuf_limited_us_rest = (__u64)ahead(chrono[2], last->chrono[2]) * jiffy_us;
	row->bytes_sent_rest = row->bytes_sent > last->bytes_sent ? row->bytes_sent - last->bytes_sent : 0;
	row->bytes_received_rest = payload_received(tp) - last->bytes_received;
	row->data_segs_out_rest = tp->data_segs_out - last->data_segs_out;
	row->retrans_data_rest = row->retrans_data - last->retrans_data;
	row->retrans_spurious_rest = ahead(row->retrans_spurious, last->retrans_spurious);
	row->interval_us_rest = us_since(last->time_ns, now_ns);
}

static __always_inline void fill_account(struct connection_row *row, struct tcp_sock *tp, const struct memory *memory, int state)
{
	__u32 chrono[3];

	chrono_read(tp, chrono);
	row->busy_us = (__u64)chrono[0] * jiffy_us;
	row->rwnd_limited_us = (__u64)chrono[1] * jiffy_us;
	row->sndbuf_limited_us = (__u64)chrono[2] * jiffy_us;
	row->bytes_failed = payload_failed(tp, memory, tp->bytes_sent, state);
	row->bytes_sent = tp->bytes_sent - row->bytes_failed;
	row->bytes_acked = tp->bytes_acked;
	row->bytes_received = payload_received(tp);
	row->bytes_retrans = tp->bytes_retrans;
	row->segs_out = tp->segs_out;
	row->segs_in = tp->segs_in;
	row->data_segs_out = tp->data_segs_out;
	row->data_segs_in = tp->data_segs_in;
	row->total_retrans = tp->total_retrans;
	row->dsack_dups = tp->dsack_dups;
}

/* To be called after fill_rest(), which settles which account is in force. */
static __always_inline void fill_below(struct connection_row *row, const struct tcp_sock *tp, const struct memory *memory,
				       const struct repair *repair, __u64 now_ns)
{
	__u64 network_us = row->busy_us_rest - row->rwnd_limited_us_rest - row->sndbuf_limited_us_rest;
	const struct below *last = &repair->below[memory->edition & 1];
	struct waiting waiting;
	struct below below = {};

	waiting_take(&waiting, tp, row->bytes_failed, network_us, now_ns);
	below_take(&below, last, &waiting, repair);
	row->local_limited_us = below.local_limited_us;
	row->local_limited_us_rest = below.local_limited_us - last->local_limited_us;
}

/* What the kernel knew of the path and the ends at this moment. */
static __always_inline void fill_path(struct connection_row *row, struct tcp_sock *tp)
{
	struct inet_connection_sock *icsk = &tp->inet_conn;

	row->delivery_rate = delivery_rate(tp);
	row->rttvar_us = tp->rttvar_us >> 2;
	row->rtt_min_us = rtt_min_us(tp);
	row->delivered_ce = tp->delivered_ce;
	row->reordering = tp->reordering;
	row->reord_seen = tp->reord_seen;
	row->mss = tp->mss_cache;
	row->snd_cwnd = tp->snd_cwnd;
	row->snd_ssthresh = tp->snd_ssthresh;
	row->snd_wnd = tp->snd_wnd;
	row->rcv_wnd = receive_window(tp);
	row->probes_out = icsk->icsk_probes_out;
	row->keepalive = sock_flag(tp, bpf_core_enum_value(enum sock_flags, SOCK_KEEPOPEN));
}

/* Bytes of payload. SYN and FIN take a sequence number each, the FIN the last one; they are taken off. */
static __always_inline void fill_queues(struct connection_row *row, struct tcp_sock *tp, int old_state)
{
	bool syn = old_state == STATE_SYN_SENT;
	bool fin = old_state == STATE_FIN_WAIT1 || old_state == STATE_CLOSING || old_state == STATE_LAST_ACK;
	__u32 notsent = tp->write_seq - tp->snd_nxt, unacked = tp->snd_nxt - tp->snd_una;

	row->notsent = notsent - (fin && notsent);
	row->unacked = unacked - (unacked && (syn || (fin && !notsent)));
	row->unread = payload_unread(tp);
}

/* A global function: the verifier checks it once, not at each call, and assumes that any pointer may be NULL. */
__noinline int fill_times(struct connection_row *row, const struct memory *memory)
{
	const struct waits *waits;
	const struct io *io;

	if (!row || !memory)
		return 0;
	waits = &memory->waits;
	io = &memory->io;
	row->syn_sent_us = memory->state_us[state_slot(STATE_SYN_SENT)];
	row->syn_recv_us = memory->state_us[state_slot(STATE_SYN_RECV)];
	row->established_us = memory->state_us[state_slot(STATE_ESTABLISHED)];
	row->fin_wait1_us = memory->state_us[state_slot(STATE_FIN_WAIT1)];
	row->fin_wait2_us = memory->state_us[state_slot(STATE_FIN_WAIT2)];
	row->close_wait_us = memory->state_us[state_slot(STATE_CLOSE_WAIT)];
	row->closing_us = memory->state_us[state_slot(STATE_CLOSING)];
	row->last_ack_us = memory->state_us[state_slot(STATE_LAST_ACK)];
	row->connect_us = memory->connect_us;
	row->accept_us = waits->accept_us;
	row->first_send_us = waits->first_send_us;
	row->first_receive_us = waits->first_receive_us;
	row->turn_us = io->turn_us;
	row->turn_rtt_us = io->turn_rtt_us;
	row->turns = io->turns;
	row->turn_max_us = waits->turn_max_us;
	row->stall_max_us = waits->stall_max_us;
	return 0;
}

/* What the memory says about the whole connection. A global function, as fill_times(). */
__noinline int fill_memory(struct connection_row *row, const struct memory *memory)
{
	if (!row || !memory)
		return 0;
	row->listener_id = memory->listener_id;
	row->srtt_max_us = memory->srtt_max_us;
	row->idle_restart_us = memory->idle_restart_us;
	row->idle_restarts = memory->io.sending.idle_restarts;
	row->snd_isn = memory->snd_isn;
	row->rcv_isn = memory->rcv_isn;
	row->preexisting = memory->preexisting;
	return 0;
}

/*
 * What the connection's retransmissions were; to be called after fill_account(). `attributed`: segments of total_retrans that are
 * older than the programs. A global function, as fill_times().
 */
__noinline int fill_repair(struct connection_row *row, const struct repair *repair, __u32 attributed)
{
	if (!row)
		return 0;
	row->unattributed = unattributed_of(repair, attributed, row->total_retrans);
	row->retrans_spurious = retrans_spurious(repair ? repair->doubt.undone : 0, row->dsack_dups, row->total_retrans);
	if (!repair)
		return 0;
	row->retrans_fast = repair->retrans[CLASS_FAST];
	row->retrans_slow_start = repair->retrans[CLASS_SLOW_START];
	row->retrans_rto = repair->retrans[CLASS_RTO];
	row->retrans_tlp = repair->retrans[CLASS_TLP];
	row->retrans_syn = repair->retrans[CLASS_SYN];
	row->retrans_syn_ack = repair->retrans[CLASS_SYN_ACK];
	row->retrans_data = repair->retrans_data;
	row->undos = repair->doubt.undos;
	row->syn_arrived = repair->doubt.syn_arrived;
	return 0;
}

/* The members that every connection row has. The caller has set `event` and, at an end, `end_reason`. */
static __always_inline void fill_connection(struct connection_row *row, struct tcp_sock *tp, struct memory *memory, __u64 now_ns,
					    int old_state)
{
	fill_account(row, tp, memory, old_state);
	fill_path(row, tp);
	fill_queues(row, tp, old_state);
	if (!memory)
		return;
	fill_memory(row, memory);
	fill_repair(row, row->bytes_failed ? repair_make(tp, memory) : repair_of(tp, memory), memory->total_retrans_base);
	fill_times(row, memory);
	row->duration_us = us_since(memory->born_ns, now_ns);
}

/* The further members that only a close or failed row has. To be called after fill_connection(). */
static __always_inline void fill_end(struct connection_row *row, struct tcp_sock *tp, struct memory *memory, __u64 now_ns)
{
	struct repair *repair;

	congestion_control_of(row->congestion_control, tp);
	row->unheard_us = unheard_us(tp) < ~0U ? unheard_us(tp) : ~0U;
	if (row->end_reason == END_REASON_NO_PORT)
		fill_ports(row, tp);
	if (!memory)
		return;
	fill_rest(row, tp, memory, now_ns);
	repair = repair_of(tp, memory);
	if (repair)
		fill_below(row, tp, memory, repair, now_ns);
}

#endif
