// SPDX-License-Identifier: GPL-2.0-only
/*
 * A row for every TCP packet that this host frees undelivered. The names of reasons and places are added later, by
 * agent/host/row-names.ts.
 */
#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "flow.bpf.h"
#include "holder.bpf.h"
#include "kernel_fixes.h"
#include "kernel_packets.h"
#include "listener.bpf.h"
#include "meaning.bpf.h"
#include "memory.bpf.h"
#include "packet.bpf.h"
#include "ring.bpf.h"
#include "../rows/rows.h"
#include "stack.bpf.h"

RING(drop);

/* A FIN that no process has read is freed with the queue of its socket. Nothing is lost by that, so it gets no row. */
static __always_inline bool is_unread_fin(const struct packet *packet, const struct sk_buff *skb, __u32 reason)
{
	return packet->length == 0 && packet->tcp_flags & TCPHDR_FIN && is_purge(reason) &&
	       BPF_CORE_READ(skb, sk, __sk_common.skc_state) == STATE_CLOSE;
}

/* Where the route of a packet that has come in leads. */
enum route {
	ROUTE_NONE, /* the kernel has not looked for a route yet */
	ROUTE_HERE,
	ROUTE_OUT, /* to another host */
};

static __always_inline enum route route_of(const struct sk_buff *skb)
{
	const void *route = (void *)(BPF_CORE_READ(skb, _skb_refdst) & ~1UL);
	bool is_here;

	if (!route || !skb->skb_iif)
		return ROUTE_NONE;
	if (bpf_ntohs(BPF_CORE_READ(skb, protocol)) == ETH_P_IP)
		is_here = BPF_CORE_READ((const struct rtable *)route, rt_type) != RTN_UNICAST;
	else
		is_here = BPF_CORE_READ((const struct rt6_info *)route, rt6i_flags) & RTF_LOCAL;
	return is_here ? ROUTE_HERE : ROUTE_OUT;
}

/*
 * The direction of a packet that no socket received. A packet that came in has skb_iif, on loopback too, except while it waits in a
 * processor's backlog. One that came in and is sent on to another host has neither direction.
 */
static __always_inline enum direction direction_of(const struct sk_buff *skb, __u32 reason)
{
	if (!skb->skb_iif)
		return REASON_IS(reason, CPU_BACKLOG) ? DIRECTION_RECEIVED : DIRECTION_SENT;
	return route_of(skb) == ROUTE_OUT ? DIRECTION_UNKNOWN : DIRECTION_RECEIVED;
}

/* For a packet that reached TCP, which had found this socket for it. */
static __always_inline void look_at_receiver(struct receiver *receiver, struct tcp_sock *tp)
{
	receiver->state = tp->inet_conn.icsk_inet.sk.__sk_common.skc_state;
	receiver->rcv_nxt = tp->rcv_nxt;
	receiver->has_closed_window = !is_after(tp->rcv_wup + tp->rcv_wnd, tp->rcv_nxt);
}

static __always_inline void look_at_time_wait(struct receiver *receiver, const struct sock *sk)
{
	receiver->state = STATE_TIME_WAIT;
	receiver->rcv_nxt = sk->__sk_common.skc_tw_rcv_nxt;
	receiver->is_half_closed = BPF_CORE_READ((const struct inet_timewait_sock *)sk, tw_substate) == STATE_FIN_WAIT2;
}

static __always_inline void head_receiver(struct row_head *head, struct tcp_sock *tp, const struct packet *packet, __u64 now_ns)
{
	head_fill(head, tp, bpf_sk_storage_get(&memories, tp, 0, 0), bpf_get_socket_cookie(tp), now_ns);
	/* The packet belongs to no connection: the row has the listener's owner and the packet's ends. */
	if (head->state == STATE_LISTEN)
		head_ends_of(head, packet, DIRECTION_RECEIVED);
}

/* For a packet that no socket received: the head comes from the socket that the packet holds, if any, else from its headers. */
static __always_inline void head_without(struct row_head *head, struct filter_facts *facts, const struct packet *packet,
					 const struct sk_buff *skb)
{
	__u64 sk = (__u64)BPF_CORE_READ(skb, sk);
	enum direction held;

	facts->direction = direction_of(skb, facts->reason_code);
	head_packet(head, packet, skb, facts->direction);
	held = sk ? holder_read(head, packet, sk) : DIRECTION_UNKNOWN;
	if (held != DIRECTION_UNKNOWN)
		facts->direction = held;
	if (held == DIRECTION_RECEIVED && head->state == STATE_CLOSE && is_purge(facts->reason_code))
		facts->meaning = MEANING_ANSWERED;
}

static __always_inline void fill_row(struct drop_row *row, const struct packet *packet, const struct sk_buff *skb,
				     const struct filter_facts *facts)
{
	__u32 ifindex = skb->skb_iif;

	row->reason_code = facts->reason_code;
	row->seq = packet->seq;
	row->ack = packet->ack;
	row->length = packet->length;
	row->ifindex = ifindex ? ifindex : (__u32)BPF_CORE_READ(skb, dev, ifindex);
	row->direction = facts->direction;
	row->meaning = facts->meaning;
	row->has_socket = row->head.connection_id != 0;
	row->tcp_flags = packet->tcp_flags;
}

/*
 * A queue that cuts a large (GSO) packet into segments and drops them all frees the large packet too. That is no further loss, so
 * it gets no row. It can be told by having no socket: cutting gave it to the last segment, while a large packet of this host that
 * was not cut always has one.
 */
static __always_inline bool is_cut_up(const struct sk_buff *skb, __u32 reason)
{
	const struct skb_shared_info *shared = (void *)(BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, end));

	return !skb->skb_iif && !skb->sk && REASON_IS(reason, NOT_SPECIFIED) && BPF_CORE_READ(shared, gso_size);
}

/* To be called before a budget is asked: a flood of drops must not hide that a queue is full. */
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
	struct filter_facts facts = { .reason_code = drop_reason(ctx), .direction = DIRECTION_RECEIVED };
	struct sock *sk = drop_receiver(ctx);
	struct sk_buff *skb = (void *)ctx[0];
	struct receiver receiver = {};
	struct packet packet = {};
	struct row_head head = {};
	struct tcp_sock *tp = NULL;
	struct drop_row *row;
	__u64 now_ns;
	__u32 asked;

	if (is_copy(facts.reason_code, sk) || !packet_read(&packet, skb) || is_unread_fin(&packet, skb, facts.reason_code) ||
	    is_cut_up(skb, facts.reason_code))
		return 0;
	if (sk)
		tp = bpf_skc_to_tcp_sock(sk);
	if (tp)
		count_listeners(tp, facts.reason_code);
	now_ns = bpf_ktime_get_boot_ns();
	asked = row_ask(KIND_DROP, now_ns);
	if (!asked)
		return 0;
	if (tp)
		look_at_receiver(&receiver, tp);
	else if (sk && sk->__sk_common.skc_state == STATE_TIME_WAIT)
		look_at_time_wait(&receiver, sk);
	else if (drop_arguments < 4)
		receiver.is_untold = route_of(skb) == ROUTE_HERE;
	facts.meaning = meaning_of(facts.reason_code, &packet, &receiver);
	if (tp) {
		head_receiver(&head, tp, &packet, now_ns);
	} else if (sk && receiver.state == STATE_TIME_WAIT) {
		head_packet(&head, &packet, skb, DIRECTION_RECEIVED);
		head_time_wait(&head, sk);
	} else {
		head_without(&head, &facts, &packet, skb);
	}
	head.time_ns = now_ns;
	row = row_make(&ring_drop, KIND_DROP, sizeof(*row), &head, &facts, asked);
	if (!row)
		return 0;
	row->address = ctx[1];
	fill_row(row, &packet, skb, &facts);
	row_submit(row);
	stack_tell(ctx, &head, &facts);
	return 0;
}

char _license[] SEC("license") = "GPL";
