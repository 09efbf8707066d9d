// SPDX-License-Identifier: GPL-2.0-only
/* The sweep: a row for every connection of one network namespace that moved since the last one. */
#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "flow.bpf.h"
#include "memory.bpf.h"
#include "ring.bpf.h"
#include "rows.h"

static __always_inline bool moved(const struct sampled *now, const struct sampled *last)
{
	return now->segs_out != last->segs_out || now->segs_in != last->segs_in ||
	       now->total_retrans != last->total_retrans;
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
	row->segs_out = now->segs_out - last->segs_out;
	row->segs_in = now->segs_in - last->segs_in;
	row->data_segs_out = now->data_segs_out - last->data_segs_out;
	row->data_segs_in = now->data_segs_in - last->data_segs_in;
	row->retrans = now->total_retrans - last->total_retrans;
	row->dsack_dups = now->dsack_dups - last->dsack_dups;
}

/* bytes per second, as tcp_compute_delivery_rate() has it. */
static __always_inline __u64 delivery_rate(const struct tcp_sock *tp)
{
	__u32 interval_us = tp->rate_interval_us;

	return interval_us ? (__u64)tp->rate_delivered * tp->mss_cache * 1000000 / interval_us : 0;
}

static __always_inline void fill_gauges(struct sample_row *row, struct tcp_sock *tp, const struct memory *memory)
{
	row->delivery_rate = delivery_rate(tp);
	row->unattributed = memory_unattributed(memory, tp->total_retrans);
	row->rttvar_us = tp->rttvar_us >> 2;
	row->rtt_min_us = tp->rtt_min.s[0].v == ~0U ? 0 : tp->rtt_min.s[0].v;
	row->snd_cwnd = tp->snd_cwnd;
	row->snd_ssthresh = tp->snd_ssthresh;
	row->snd_wnd = tp->snd_wnd;
	row->rcv_wnd = tp->rcv_wnd;
	row->packets_out = tp->packets_out;
	row->notsent = tp->write_seq - tp->snd_nxt;
	row->unread = tp->rcv_nxt - tp->copied_seq;
	row->reordering = tp->reordering;
	row->ca_state = BPF_CORE_READ_BITFIELD(&tp->inet_conn, icsk_ca_state);
	row->app_limited = BPF_CORE_READ_BITFIELD(tp, rate_app_limited);
}

SEC("iter/tcp")
int sample(struct bpf_iter__tcp *ctx)
{
	struct sock_common *common = ctx->sk_common;
	__u64 now_ns = bpf_ktime_get_boot_ns();
	struct kind_counters *count;
	struct sample_row row = {};
	struct sampled now = {};
	struct memory *memory;
	struct tcp_sock *tp;
	__u64 id;

	/* Requests and TIME_WAIT are no tcp_sock; a listener moves nothing. */
	if (!common || common->skc_state == STATE_LISTEN)
		return 0;
	tp = bpf_skc_to_tcp_sock(common);
	if (!tp)
		return 0;
	id = bpf_get_socket_cookie(tp);
	memory = memory_of(tp, id, now_ns);
	count = counters_of(KIND_SAMPLE);
	if (!memory) {
		if (count)
			count->no_storage++;
		return 0;
	}
	sampled_read(&now, tp, now_ns);
	if (!moved(&now, &memory->sampled))
		return 0;

	head_fill(&row.head, tp, memory, id, now_ns);
	row.head.kind = KIND_SAMPLE;
	fill_deltas(&row, &now, &memory->sampled);
	fill_gauges(&row, tp, memory);
	if (bpf_seq_write(ctx->meta->seq, &row, sizeof(row)))
		return 0; /* the reader's page is full: the kernel calls again for this socket */
	memory->sampled = now;
	if (count)
		count->written++;
	return 0;
}

char _license[] SEC("license") = "GPL";
