// SPDX-License-Identifier: GPL-2.0-only
/* The sweep of one network namespace: a row for every connection that moved since the last one, and for every listener. */
#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "flow.bpf.h"
#include "listener.bpf.h"
#include "memory.bpf.h"
#include "ring.bpf.h"
#include "rows.h"

RING(listener);

/* Too large for the stack. One entry is enough: a loader reads its sweeps one after the other. */
struct scratch {
	struct sample_row row;
	struct sampled now;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} scratch SEC(".maps");

/* A connection that lingers in any state but ESTABLISHED moves nothing; a row this often says that it is still there. */
#define LINGER_NS (30 * 1000000000ULL)

static __always_inline bool is_due(const struct tcp_sock *tp, const struct sampled *last, __u64 now_ns)
{
	__u32 state = tp->inet_conn.icsk_inet.sk.__sk_common.skc_state;

	return tp->segs_out != last->segs_out || tp->segs_in != last->segs_in ||
	       tp->total_retrans != last->told.total_retrans ||
	       (state != STATE_ESTABLISHED && (state != last->state || now_ns - last->time_ns >= LINGER_NS));
}

static __always_inline void fill_deltas(struct sample_row *row, const struct sampled *now, const struct sampled *last)
{
	row->bytes_sent = now->bytes_sent - last->bytes_sent;
	row->bytes_acked = now->bytes_acked - last->bytes_acked;
	row->bytes_received = now->bytes_received - last->bytes_received;
	row->busy_us = (__u64)(now->chrono[0] - last->chrono[0]) * jiffy_us;
	row->rwnd_limited_us = (__u64)(now->chrono[1] - last->chrono[1]) * jiffy_us;
	row->sndbuf_limited_us = (__u64)(now->chrono[2] - last->chrono[2]) * jiffy_us;
	row->interval_us = (now->time_ns - last->time_ns) / 1000;
	row->turn_us = now->turn_us - last->turn_us;
	row->turns = now->turns - last->turns;
	row->segs_out = now->segs_out - last->segs_out;
	row->segs_in = now->segs_in - last->segs_in;
	row->data_segs_out = now->data_segs_out - last->data_segs_out;
	row->data_segs_in = now->data_segs_in - last->data_segs_in;
	row->delivered_ce = now->delivered_ce - last->delivered_ce;
	row->reord_seen = now->reord_seen - last->reord_seen;
	row->retrans = now->told.total_retrans - last->told.total_retrans;
	row->dsack_dups = now->told.dsack_dups - last->told.dsack_dups;
	row->undos = now->told.undos - last->told.undos;
}

static __always_inline void fill_gauges(struct sample_row *row, struct tcp_sock *tp, const struct memory *memory,
					__u64 now_ns)
{
	struct inet_connection_sock *icsk = &tp->inet_conn;
	__u64 idle = idle_us(tp);

	congestion_control_of(row->congestion_control, tp);
	row->delivery_rate = delivery_rate(tp);
	row->state_us = us_since(memory->state_ns, now_ns);
	row->unattributed = memory_unattributed(memory, tp->total_retrans);
	row->rttvar_us = tp->rttvar_us >> 2;
	row->rtt_min_us = rtt_min_us(tp);
	row->snd_cwnd = tp->snd_cwnd;
	row->snd_ssthresh = tp->snd_ssthresh;
	row->snd_wnd = tp->snd_wnd;
	row->rcv_wnd = receive_window(tp);
	row->packets_out = tp->packets_out;
	row->lost_out = tp->lost_out;
	row->sacked_out = tp->sacked_out;
	row->retrans_out = tp->retrans_out;
	row->notsent = tp->write_seq - tp->snd_nxt;
	row->unread = payload_unread(tp);
	row->reordering = tp->reordering;
	row->idle_us = idle < ~0U ? idle : ~0U;
	row->probes_out = icsk->icsk_probes_out;
	row->backoff = icsk->icsk_backoff;
	row->ca_state = BPF_CORE_READ_BITFIELD(icsk, icsk_ca_state);
	row->app_limited = BPF_CORE_READ_BITFIELD(tp, rate_app_limited);
	row->keepalive = sock_flag(tp, bpf_core_enum_value(enum sock_flags, SOCK_KEEPOPEN));
}

/* A listener moves nothing, but its queue may be full: a row every sweep, by way of a ring. */
static __always_inline void report_listener(struct tcp_sock *tp, struct memory *memory, __u64 id, __u64 now_ns)
{
	struct inet_connection_sock *icsk = &tp->inet_conn;
	struct sock *sk = &icsk->icsk_inet.sk;
	__u32 drops = sk->sk_drops.counter, accepted = listener_accepted(id);
	struct filter_facts facts = {};
	struct listener_row *row;
	struct row_head head = {};

	head_fill(&head, tp, memory, id, now_ns);
	head.role = ROLE_SERVER;
	row = row_begin(&ring_listener, KIND_LISTENER, sizeof(*row), &head, &facts);
	if (!row)
		return;
	row->interval_us = us_since(memory->listening.time_ns, now_ns);
	row->accept_queue = sk->sk_ack_backlog;
	row->accept_queue_limit = sk->sk_max_ack_backlog;
	row->syn_backlog = icsk->icsk_accept_queue.qlen.counter;
	row->drops = drops - memory->listening.drops;
	row->drops_total = drops;
	row->accepted = accepted - memory->listening.accepted;
	row->defer_accept = icsk->icsk_accept_queue.rskq_defer_accept != 0;
	row->fast_open = icsk->icsk_accept_queue.fastopenq.max_qlen != 0;
	row_submit(row);
	memory->listening.time_ns = now_ns;
	memory->listening.drops = drops;
	memory->listening.accepted = accepted;
}

static __always_inline void report_sample(struct seq_file *seq, struct tcp_sock *tp, struct memory *memory, __u64 id,
					  __u64 now_ns)
{
	__u32 only = 0;
	struct filter_facts facts = {};
	struct kind_counters *count;
	struct scratch *to;

	/* Most sockets stand still: they cost no more than this. */
	if (!is_due(tp, &memory->sampled, now_ns))
		return;
	facts.ca_state = BPF_CORE_READ_BITFIELD(&tp->inet_conn, icsk_ca_state);
	count = counters_of(KIND_SAMPLE);
	to = bpf_map_lookup_elem(&scratch, &only);
	if (!to)
		return;
	memory_look(memory, tp);
	sampled_read(&to->now, tp, memory, now_ns);
	__builtin_memset(&to->row, 0, sizeof(to->row));
	head_fill(&to->row.head, tp, memory, id, now_ns);
	if (!row_wanted(&to->row.head, KIND_SAMPLE, &facts))
		return;
	fill_deltas(&to->row, &to->now, &memory->sampled);
	fill_gauges(&to->row, tp, memory, now_ns);
	to->row.evidence = evidence_since(&memory->sampled.told, &memory->doubt, tp);
	if (bpf_seq_write(seq, &to->row, sizeof(to->row)))
		return; /* the reader's page is full: the kernel calls again for this socket */
	memory->sampled = to->now;
	if (count)
		count->written++;
}

SEC("iter/tcp")
int sample(struct bpf_iter__tcp *ctx)
{
	struct sock_common *common = ctx->sk_common;
	__u64 now_ns = bpf_ktime_get_boot_ns();
	struct memory *memory;
	struct tcp_sock *tp;
	__u64 id;

	if (!common)
		return 0;
	/* Requests and TIME_WAIT are no tcp_sock. */
	tp = bpf_skc_to_tcp_sock(common);
	if (!tp)
		return 0;
	id = bpf_get_socket_cookie(tp);
	memory = memory_of(tp, id, now_ns);
	if (!memory)
		count_no_storage(KIND_SAMPLE);
	else if (common->skc_state == STATE_LISTEN)
		report_listener(tp, memory, id, now_ns);
	else
		report_sample(ctx->meta->seq, tp, memory, id, now_ns);
	return 0;
}

char _license[] SEC("license") = "GPL";
