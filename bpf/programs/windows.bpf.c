// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's stack where a socket of this host says that it has no room: each segment whose window is 0. Attached only while an
 * investigation asks for stacks (loader/details.c), and then run for every packet that a device's queue is handed.
 */
#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "flow.bpf.h"
#include "holder.bpf.h"
#include "kernel_packets.h"
#include "packet.bpf.h"
#include "ring.bpf.h"
#include "../rows/rows.h"
#include "stack.bpf.h"
#include "watch.bpf.h"

#define ANNOUNCED_MAX 1024

/*
 * By connection, how many segments it had sent with the last one that was told: a bridge, a bond or a VLAN hands a segment on to the
 * device below, which queues it once more.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, ANNOUNCED_MAX);
	__type(key, __u64);
	__type(value, __u32);
} announced SEC(".maps");

/* Most packets are asked no more than this. What is passed on holds no socket; a SYN has no window to close, and a RST none at all. */
static __always_inline bool is_zero_window(const struct sk_buff *skb)
{
	const struct sock *sk = skb->sk;
	struct tcp_header header;

	if (!sk || sk->sk_protocol != IPPROTO_TCP)
		return false;
	if (bpf_probe_read_kernel(&header, sizeof(header), skb->head + skb->transport_header))
		return false;
	return !header.window && (header.flags & (TCPHDR_ACK | TCPHDR_SYN | TCPHDR_RST)) == TCPHDR_ACK;
}

/* Fills the head from the socket that sends it, with the socket's ends: those of the packet may have been translated by now. */
static __noinline bool head_of(struct row_head *head, const struct sk_buff *skb)
{
	const struct tcp_sock *tp = (void *)BPF_CORE_READ(skb, sk);
	struct packet packet = {};

	if (!packet_read(&packet, skb) || holder_read(head, &packet, (__u64)tp) != DIRECTION_SENT)
		return false;
	if (head->state == STATE_TIME_WAIT || head->state == STATE_NEW_SYN_RECV)
		return false;
	head->host_id = host_id;
	head->srtt_us = BPF_CORE_READ(tp, srtt_us) >> 3;
	return true;
}

static __always_inline bool is_told(__u64 id, const struct sk_buff *skb)
{
	const struct tcp_sock *tp = (void *)BPF_CORE_READ(skb, sk);
	__u32 sent = BPF_CORE_READ(tp, segs_out);
	__u32 *told = bpf_map_lookup_elem(&announced, &id);

	if (told && *told == sent)
		return true;
	bpf_map_update_elem(&announced, &id, &sent, BPF_ANY);
	return false;
}

/* On its way down from TCP a segment is queued by whoever had it sent; what takes it out of the queue may be anybody. */
SEC("tp_btf/net_dev_queue")
int BPF_PROG(net_dev_queue, const struct sk_buff *skb)
{
	struct filter_facts facts = { .direction = DIRECTION_SENT };
	struct row_head head = {};
	struct detail *detail;

	if (!is_zero_window(skb))
		return 0;
	detail = detail_of(KIND_STACK);
	if (!detail || !detail->slots || !head_of(&head, skb))
		return 0;
	head.time_ns = bpf_ktime_get_boot_ns();
	head.kind = KIND_PACKET;
	head.filters = detail_ask(detail->slots, &head, &facts);
	if (head.filters && !is_told(head.connection_id, skb))
		stack_tell(ctx, &head, &facts);
	return 0;
}

char _license[] SEC("license") = "GPL";
