// SPDX-License-Identifier: GPL-2.0-only
/* State changes: a row for each, and connection rows where one opens, closes or fails to open. */
#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "flow.bpf.h"
#include "memory.bpf.h"
#include "ring.bpf.h"
#include "rows.h"

RING(connection);
RING(state_change);

static __always_inline __u64 us_since(__u64 then_ns, __u64 now_ns)
{
	return then_ns ? (now_ns - then_ns) / 1000 : 0;
}

/* A connect that failed, by the error the socket got. */
static __always_inline enum end_reason failed_reason(int err)
{
	switch (err) {
	case ECONNREFUSED:
		return END_REASON_REFUSED;
	case ETIMEDOUT:
		return END_REASON_TIMEOUT;
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EHOSTDOWN:
	case ENOPROTOOPT:
	case EPROTO:
		return END_REASON_UNREACHABLE;
	case ECONNRESET:
	case EPIPE:
		return END_REASON_RST_RECEIVED;
	default:
		return END_REASON_ABORT;
	}
}

/*
 * The end of an open connection. A received RST leaves its error (EPIPE in CLOSE_WAIT). An abort by this side
 * (unread data, SO_LINGER 0) sets CLOSE before it sends its RST, without an error, from a state in which no
 * orderly close ends.
 */
static __always_inline enum end_reason closed_reason(const struct memory *memory, int old_state, int err)
{
	if (err == ECONNRESET || err == EPIPE)
		return END_REASON_RST_RECEIVED;
	if (err == ETIMEDOUT)
		return END_REASON_TIMEOUT;
	if (err == ECONNABORTED)
		return END_REASON_RST_SENT;
	if (err)
		return failed_reason(err);
	if (old_state == STATE_ESTABLISHED || old_state == STATE_CLOSE_WAIT || old_state == STATE_SYN_RECV)
		return END_REASON_RST_SENT;
	if (memory && memory->first_fin)
		return memory->first_fin;
	/* Of an older connection, the state it ends in tells who closed first. */
	if (old_state == STATE_LAST_ACK)
		return END_REASON_FIN_PEER;
	if (old_state == STATE_FIN_WAIT1 || old_state == STATE_FIN_WAIT2)
		return END_REASON_FIN_LOCAL;
	return END_REASON_UNKNOWN;
}

static __always_inline void fill_rest(struct connection_row *row, struct tcp_sock *tp, const struct memory *memory,
				      __u64 now_ns)
{
	const struct sampled *last = &memory->sampled;
	__u32 chrono[3];

	chrono_read(tp, chrono);
	row->busy_us_rest = (__u64)(chrono[0] - last->chrono[0]) * jiffy_us;
	row->rwnd_limited_us_rest = (__u64)(chrono[1] - last->chrono[1]) * jiffy_us;
	row->sndbuf_limited_us_rest = (__u64)(chrono[2] - last->chrono[2]) * jiffy_us;
	row->bytes_sent_rest = tp->bytes_sent - last->bytes_sent;
	row->bytes_received_rest = payload_received(tp) - last->bytes_received;
	row->data_segs_out_rest = tp->data_segs_out - last->data_segs_out;
	row->interval_us_rest = us_since(last->time_ns, now_ns);
}

static __always_inline void fill_account(struct connection_row *row, struct tcp_sock *tp)
{
	__u32 chrono[3];

	chrono_read(tp, chrono);
	row->busy_us = (__u64)chrono[0] * jiffy_us;
	row->rwnd_limited_us = (__u64)chrono[1] * jiffy_us;
	row->sndbuf_limited_us = (__u64)chrono[2] * jiffy_us;
	row->bytes_sent = tp->bytes_sent;
	row->bytes_acked = tp->bytes_acked;
	row->bytes_received = payload_received(tp);
	row->bytes_retrans = tp->bytes_retrans;
	row->segs_out = tp->segs_out;
	row->segs_in = tp->segs_in;
	row->data_segs_out = tp->data_segs_out;
	row->data_segs_in = tp->data_segs_in;
	row->total_retrans = tp->total_retrans;
	row->rttvar_us = tp->rttvar_us >> 2;
	/* The kernel's "no sample yet" is all ones. */
	row->rtt_min_us = tp->rtt_min.s[0].v == ~0U ? 0 : tp->rtt_min.s[0].v;
	row->dsack_dups = tp->dsack_dups;
	row->snd_cwnd = tp->snd_cwnd;
}

static __always_inline void fill_memory(struct connection_row *row, const struct memory *memory)
{
	row->connect_us = memory->connect_us;
	row->unattributed = memory_unattributed(memory, row->total_retrans);
	row->retrans_fast = memory->retrans[CLASS_FAST];
	row->retrans_slow_start = memory->retrans[CLASS_SLOW_START];
	row->retrans_rto = memory->retrans[CLASS_RTO];
	row->retrans_tlp = memory->retrans[CLASS_TLP];
	row->retrans_syn = memory->retrans[CLASS_SYN];
	row->retrans_syn_ack = memory->retrans[CLASS_SYN_ACK];
	row->snd_isn = memory->snd_isn;
	row->rcv_isn = memory->rcv_isn;
	row->preexisting = memory->preexisting;
}

static __always_inline void report_connection(struct tcp_sock *tp, struct memory *memory, __u64 id, __u64 now_ns,
					      enum event event, int old_state)
{
	struct connection_row *row = row_reserve(&ring_connection, KIND_CONNECTION, sizeof(*row));
	int err = tp->inet_conn.icsk_inet.sk.sk_err;

	if (!row)
		return;
	head_fill(&row->head, tp, memory, id, now_ns);
	row->head.kind = KIND_CONNECTION;
	row->head.state = event == EVENT_OPEN ? STATE_ESTABLISHED : STATE_CLOSE;
	fill_account(row, tp);
	row->event = event;
	row->sk_err = err;
	if (event == EVENT_CLOSE)
		row->end_reason = closed_reason(memory, old_state, err);
	else if (event == EVENT_FAILED)
		row->end_reason = failed_reason(err);
	if (memory) {
		fill_memory(row, memory);
		row->duration_us = us_since(memory->born_ns, now_ns);
		if (event != EVENT_OPEN)
			fill_rest(row, tp, memory, now_ns);
	}
	row_submit(row);
}

static __always_inline void report_end(struct tcp_sock *tp, struct memory *memory, __u64 id, __u64 now_ns, int old_state)
{
	report_connection(tp, memory, id, now_ns, !memory || memory->established ? EVENT_CLOSE : EVENT_FAILED, old_state);
	if (memory)
		memory->closed = 1;
}

static __always_inline void report_state(struct tcp_sock *tp, const struct memory *memory, __u64 id, __u64 now_ns,
					 int old_state, int new_state)
{
	struct state_change_row *row = row_reserve(&ring_state_change, KIND_STATE_CHANGE, sizeof(*row));

	if (!row)
		return;
	head_fill(&row->head, tp, memory, id, now_ns);
	row->head.kind = KIND_STATE_CHANGE;
	row->head.state = new_state;
	row->old_state = old_state;
	row->new_state = new_state;
	row->duration_us = memory ? us_since(memory->state_ns, now_ns) : 0;
	row_submit(row);
}

/* connect() and listen() are the two transitions that the socket's own process makes: the first rung of the ladder. */
static __always_inline void begin(struct memory *memory, struct tcp_sock *tp, __u64 id, __u64 now_ns, int new_state)
{
	memory_begin(memory, tp, id, now_ns);
	memory_owner(memory, bpf_get_current_task_btf(), OWNER_CONNECT);
	memory->role = new_state == STATE_SYN_SENT ? ROLE_CLIENT : ROLE_SERVER;
	memory->closed = new_state == STATE_LISTEN;
}

/*
 * The kernel starts an accepted socket's counter with the SYN-ACKs that were sent again for its request, but only
 * after the socket's first transition: they are known at its second.
 */
static __always_inline void count_syn_acks(struct memory *memory, struct tcp_sock *tp)
{
	memory->retrans[CLASS_SYN_ACK] = tp->total_retrans;
	memory->total_retrans = tp->total_retrans;
}

static __always_inline void establish(struct memory *memory, struct tcp_sock *tp, __u64 now_ns, int old_state)
{
	memory->established = 1;
	memory->snd_isn = tp->snd_una - 1;
	memory->rcv_isn = tp->rcv_nxt - 1;
	/* A server passes SYN_RECV within microseconds, at the final ACK: its handshake is the SYN-ACK's round trip. */
	memory->connect_us = old_state == STATE_SYN_SENT ? us_since(memory->born_ns, now_ns) : tp->srtt_us >> 3;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(inet_sock_set_state, struct sock *sk, int old_state, int new_state)
{
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);
	__u64 now_ns = bpf_ktime_get_boot_ns();
	struct memory *memory;
	__u64 id;

	if (!tp)
		return 0;
	id = bpf_get_socket_cookie(tp);
	memory = memory_of(tp, id, now_ns);
	if (!memory) {
		struct kind_counters *count = counters_of(KIND_CONNECTION);

		if (count)
			count->no_storage++;
	}
	if (memory && old_state == STATE_CLOSE)
		begin(memory, tp, id, now_ns, new_state);
	/* Of a listener that was not known, nothing was cloned. */
	if (memory && old_state == STATE_LISTEN && new_state == STATE_SYN_RECV && memory->preexisting)
		memory_accept(memory, tp, id, now_ns);
	if (memory && old_state == STATE_SYN_RECV && memory->role == ROLE_SERVER && !memory->preexisting)
		count_syn_acks(memory, tp);
	if (memory && new_state == STATE_ESTABLISHED)
		establish(memory, tp, now_ns, old_state);
	if (memory && old_state == STATE_ESTABLISHED && new_state != STATE_CLOSE)
		memory->first_fin = new_state == STATE_CLOSE_WAIT ? END_REASON_FIN_PEER : END_REASON_FIN_LOCAL;

	report_state(tp, memory, id, now_ns, old_state, new_state);
	if (memory)
		memory->state_ns = now_ns;
	if (new_state == STATE_ESTABLISHED)
		report_connection(tp, memory, id, now_ns, EVENT_OPEN, old_state);
	else if (new_state == STATE_CLOSE && old_state != STATE_LISTEN)
		report_end(tp, memory, id, now_ns, old_state);
	return 0;
}

/*
 * Now and then the kernel's event reaches no program. A connection whose end was not seen is reported when its
 * socket goes.
 */
SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(tcp_destroy_sock, struct sock *sk)
{
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);
	struct memory *memory = tp ? bpf_sk_storage_get(&memories, tp, 0, 0) : NULL;
	__u64 id;

	if (!memory || memory->closed)
		return 0;
	id = bpf_get_socket_cookie(tp);
	if (memory->connection_id == id)
		report_end(tp, memory, id, bpf_ktime_get_boot_ns(), STATE_UNKNOWN);
	return 0;
}

char _license[] SEC("license") = "GPL";
