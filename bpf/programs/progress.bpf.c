// SPDX-License-Identifier: GPL-2.0-only
/*
 * How far a followed connection is, at each segment that comes to it. Attached only while an investigation asks for it
 * (loader/details.c).
 */
#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "flow.bpf.h"
#include "kernel_packets.h"
#include "memory.bpf.h"
#include "ring.bpf.h"
#include "../rows/rows.h"
#include "tcp.bpf.h"
#include "tcp_options.bpf.h"
#include "watch.bpf.h"

RING(progress);

/* `data` of a segment that has come to its socket is its TCP header. */
struct segment_header {
	__be16 from_port;
	__be16 to_port;
	__be32 seq;
	__be32 ack;
	__u8 data_offset;
	__u8 flags;
	__u8 rest[6];
};

static __always_inline void fill_segment(struct progress_row *row, const struct sk_buff *skb)
{
	const struct tcp_skb_cb *cb = (void *)skb->cb;
	const struct skb_shared_info *shared = (void *)(BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, end));
	const void *data = BPF_CORE_READ(skb, data);
	__u16 segments = BPF_CORE_READ(shared, gso_segs);
	struct segment_header header = {};
	struct tcp_options options = {};

	bpf_probe_read_kernel(&header, sizeof(header), data);
	options_read(&options, (__u64)data + sizeof(header), (header.data_offset >> 4) * 4 - sizeof(header));
	row->seq = BPF_CORE_READ(cb, seq);
	row->end_seq = BPF_CORE_READ(cb, end_seq);
	row->ack = bpf_ntohl(header.ack);
	row->sack1_from = options.sack[0].from;
	row->sack1_to = options.sack[0].to;
	row->sack2_from = options.sack[1].from;
	row->sack2_to = options.sack[1].to;
	row->sack3_from = options.sack[2].from;
	row->sack3_to = options.sack[2].to;
	row->tsval = options.tsval;
	row->tsecr = options.tsecr;
	row->segments = segments ? segments : 1;
	row->tcp_flags = header.flags;
}

static __always_inline void fill_socket(struct progress_row *row, struct tcp_sock *tp, const struct memory *memory)
{
	row->segs_in = tp->segs_in;
	row->snd_isn = memory ? memory->snd_isn : 0;
	row->rcv_isn = memory ? memory->rcv_isn : 0;
	row->snd_una = tp->snd_una;
	row->snd_nxt = tp->snd_nxt;
	row->rcv_nxt = tp->rcv_nxt;
	row->rcv_wup = tp->rcv_wup;
	row->snd_wnd = tp->snd_wnd;
	row->rcv_wnd = receive_window(tp);
	row->unread = payload_unread(tp);
	row->notsent = ahead(tp->write_seq, tp->snd_nxt);
	row->rto_us = tp->inet_conn.icsk_rto * jiffy_us;
	row->snd_cwnd = tp->snd_cwnd;
	row->snd_ssthresh = tp->snd_ssthresh;
	row->packets_out = tp->packets_out;
	row->lost_out = tp->lost_out;
	row->sacked_out = tp->sacked_out;
	row->retrans_out = tp->retrans_out;
	row->total_retrans = tp->total_retrans;
	row->out_of_order = tp->rcv_ooopack;
	row->ca_state = BPF_CORE_READ_BITFIELD(&tp->inet_conn, icsk_ca_state);
}

/* A packet that comes in does not know its socket, and so not its owner; from now on those of this connection are known by their ends. */
static __always_inline void tell_packets(const struct row_head *head, __u32 wanted)
{
	struct detail *packets = detail_of(KIND_PACKET);
	struct watch watch = {};
	struct flow_key key;

	if (!packets || !(packets->slots & wanted))
		return;
	watch.until_ns = head->time_ns + 2 * WATCH_NS;
	watch.generation = packets->generation;
	watch.wanted = packets->slots & wanted;
	flow_key_of(&key, head, PLACE_DEVICE_IN);
	bpf_map_update_elem(&flows, &key, &watch, BPF_ANY);
}

/* The kernel fires this for each segment of an open connection, before it looks at it. */
SEC("tp_btf/tcp_probe")
int BPF_PROG(tcp_probe, struct sock *sk, const struct sk_buff *skb)
{
	struct detail *detail = detail_of(KIND_PROGRESS);
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);
	__u64 now_ns = bpf_ktime_get_boot_ns();
	struct filter_facts facts = {};
	struct progress_row *row;
	struct row_head head = {};
	struct memory *memory;
	struct watch *watch;
	__u32 paid;
	__u64 id;

	if (!detail || !detail->slots || !tp)
		return 0;
	watch = bpf_sk_storage_get(&watches, tp, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!watch) {
		count_no_storage(KIND_PROGRESS);
		return 0;
	}
	if (watch_holds(watch, detail, now_ns) && !watch->wanted)
		return 0;
	id = bpf_get_socket_cookie(tp);
	memory = memory_of(tp, id, now_ns);
	head_fill(&head, tp, memory, id, now_ns);
	head.kind = KIND_PROGRESS;
	if (!watch_holds(watch, detail, now_ns)) {
		facts.ca_state = BPF_CORE_READ_BITFIELD(&tp->inet_conn, icsk_ca_state);
		watch->wanted = detail_ask(detail->slots, &head, &facts);
		watch->until_ns = now_ns + WATCH_NS;
		watch->generation = detail->generation;
		if (watch->wanted)
			tell_packets(&head, watch->wanted);
	}
	paid = watch->wanted ? detail_pay(KIND_PROGRESS, watch->wanted, now_ns) : 0;
	row = paid ? row_reserve(&ring_progress, KIND_PROGRESS, sizeof(*row)) : NULL;
	if (!row)
		return 0;
	head.filters = paid;
	row_start(row, sizeof(*row), &head);
	fill_socket(row, tp, memory);
	fill_segment(row, skb);
	row_submit(row);
	return 0;
}

char _license[] SEC("license") = "GPL";
