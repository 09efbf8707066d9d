// SPDX-License-Identifier: GPL-2.0-only
/* A row for every TCP packet that this host drops. Names of reasons and places are filled in by the loader. */
#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "flow.bpf.h"
#include "kernel_fixes.h"
#include "listener.bpf.h"
#include "memory.bpf.h"
#include "packet.bpf.h"
#include "ring.bpf.h"
#include "rows.h"

RING(drop);

/*
 * The packet's own socket, which the verifier lets no helper have: there is its identity, but not its memory. A request
 * or a TIME_WAIT, which a packet may hold too, ends before these members.
 */
static __always_inline void head_holder(struct row_head *head, const struct sk_buff *skb)
{
	const struct sock *sk = BPF_CORE_READ(skb, sk);
	__u8 state = BPF_CORE_READ(sk, __sk_common.skc_state);

	if (!sk || state == STATE_TIME_WAIT || state == STATE_NEW_SYN_RECV)
		return;
	head->connection_id = BPF_CORE_READ(sk, __sk_common.skc_cookie.counter);
	head->netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, net_cookie);
	head->cgroup_id = BPF_CORE_READ(sk, sk_cgrp_data.cgroup, kn, id);
	head->uid = BPF_CORE_READ(sk, sk_uid.val);
	head->state = state;
}

/* A FIN that no process read goes with its socket's queue. Nothing is lost by that. */
static __always_inline bool is_unread_fin(const struct packet *packet, const struct sk_buff *skb)
{
	return packet->length == 0 && packet->tcp_flags & TCPHDR_FIN &&
	       BPF_CORE_READ(skb, sk, __sk_common.skc_state) == STATE_CLOSE;
}

/* Before any budget: a flood of drops must not hide that a queue is full. */
static __always_inline void count_listeners(struct tcp_sock *receiver, __u32 drop_reason)
{
	struct memory *memory;

	if (receiver->inet_conn.icsk_inet.sk.__sk_common.skc_state != STATE_LISTEN)
		return;
	memory = bpf_sk_storage_get(&memories, receiver, 0, 0);
	if (memory)
		count_overflow(memory, receiver, drop_reason);
}

SEC("tp_btf/kfree_skb")
int kfree_skb(unsigned long long *ctx)
{
	struct filter_facts facts = { .reason_code = drop_reason(ctx) };
	struct sk_buff *skb = (void *)ctx[0];
	struct packet packet = {};
	struct row_head head = {};
	struct tcp_sock *tp = NULL;
	struct sock *receiver;
	struct drop_row *row;
	__u32 ifindex, asked;
	__u64 now_ns;

	if (!packet_read(&packet, skb) || is_unread_fin(&packet, skb))
		return 0;
	receiver = drop_receiver(ctx);
	if (receiver)
		tp = bpf_skc_to_tcp_sock(receiver);
	if (tp)
		count_listeners(tp, facts.reason_code);
	now_ns = bpf_ktime_get_boot_ns();
	asked = row_ask(KIND_DROP, now_ns);
	if (!asked)
		return 0;
	/* What came in has its interface; loopback's too. */
	ifindex = skb->skb_iif;
	facts.direction = ifindex ? DIRECTION_RECEIVED : DIRECTION_SENT;
	if (tp) {
		struct memory *memory = bpf_sk_storage_get(&memories, tp, 0, 0);

		head_fill(&head, tp, memory, bpf_get_socket_cookie(tp), now_ns);
	} else {
		head_packet(&head, &packet, skb, facts.direction);
		head_holder(&head, skb);
		head.time_ns = now_ns;
	}
	row = row_make(&ring_drop, KIND_DROP, sizeof(*row), &head, &facts, asked);
	if (!row)
		return 0;
	row->address = ctx[1];
	row->reason_code = facts.reason_code;
	row->seq = packet.seq;
	row->ack = packet.ack;
	row->length = packet.length;
	row->ifindex = ifindex ? ifindex : (__u32)BPF_CORE_READ(skb, dev, ifindex);
	row->direction = facts.direction;
	row->has_socket = head.connection_id != 0;
	row->tcp_flags = packet.tcp_flags;
	row_submit(row);
	return 0;
}

char _license[] SEC("license") = "GPL";
