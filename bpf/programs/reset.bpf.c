// SPDX-License-Identifier: GPL-2.0-only
/* A row for every RST that this host sends or receives. */
#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "flow.bpf.h"
#include "kernel_fixes.h"
#include "memory.bpf.h"
#include "packet.bpf.h"
#include "ring.bpf.h"
#include "../rows/rows.h"
#include "stack.bpf.h"

RING(reset);

/* An abort sets the state CLOSE before it sends its RST. The row has the state before that. */
static __always_inline void fill_state(struct row_head *head, __u64 *state_us, const struct memory *memory, __u64 now_ns)
{
	__u32 last = memory->last_state, slot = state_slot(last);

	if (head->state != STATE_CLOSE || !last) {
		*state_us = us_since(memory->state_ns, now_ns);
		return;
	}
	head->state = last;
	asm volatile("%0 &= 15" : "+r"(slot));
	*state_us = slot < STATE_SLOTS ? memory->state_us[slot] : 0;
}

static __always_inline void fill_socket(struct reset_row *row, struct tcp_sock *tp)
{
	const struct sock *sk = &tp->inet_conn.icsk_inet.sk;

	row->has_socket = 1;
	row->linger_zero = sock_flag(tp, bpf_core_enum_value(enum sock_flags, SOCK_LINGER)) && !sk->sk_lingertime;
	row->idle_us = unheard_us(tp);
	row->bytes_sent = tp->bytes_sent;
	row->bytes_received = payload_received(tp);
	row->unread = payload_unread(tp);
	row->notsent = tp->write_seq - tp->snd_nxt;
	row->packets_out = tp->packets_out;
}

/*
 * `tp`: the socket, or NULL if it is no tcp_sock or there is none. `sk`: the socket of whatever type, which may be one in
 * TIME_WAIT, or NULL.
 */
static __always_inline void report(void *context, struct tcp_sock *tp, const struct sock *sk, const struct sk_buff *skb, enum direction direction,
				   __u32 reason)
{
	struct filter_facts facts = { .direction = direction, .reason_code = reason };
	__u64 now_ns = bpf_ktime_get_boot_ns(), state_us = 0;
	struct packet packet = {};
	struct memory *memory = NULL;
	struct row_head head = {};
	struct reset_row *row;
	bool provoked = skb && packet_read(&packet, skb);

	if (tp) {
		__u64 id = bpf_get_socket_cookie(tp);

		memory = memory_of(tp, id, now_ns);
		head_fill(&head, tp, memory, id, now_ns);
		/*
		 * A listener sends a RST for what never became a connection: the row has the listener's owner and the packet's
		 * ends.
		 */
		if (head.state == STATE_LISTEN && provoked)
			head_ends_of(&head, &packet, DIRECTION_RECEIVED);
	} else if (provoked) {
		/* The packet came in; its destination is this end. */
		head_packet(&head, &packet, skb, DIRECTION_RECEIVED);
		if (sk && sk->__sk_common.skc_state == STATE_TIME_WAIT)
			head_time_wait(&head, sk);
		head.time_ns = now_ns;
	} else {
		return;
	}
	if (memory)
		fill_state(&head, &state_us, memory, now_ns);
	row = row_begin(&ring_reset, KIND_RESET, sizeof(*row), &head, &facts);
	if (!row)
		return;
	row->direction = direction;
	row->reason_code = reason;
	row->state_us = state_us;
	if (tp)
		fill_socket(row, tp);
	if (provoked) {
		row->seq = packet.seq;
		row->tcp_flags = packet.tcp_flags;
	}
	row_submit(row);
	stack_tell(context, &head, &facts);
}

/* The socket is NULL for a closed port, and may be one in TIME_WAIT, which is no tcp_sock. */
SEC("tp_btf/tcp_send_reset")
int tcp_send_reset(unsigned long long *ctx)
{
	struct sock *sk = (void *)ctx[0];
	struct tcp_sock *tp = sk ? bpf_skc_to_tcp_sock(sk) : NULL;

	report(ctx, tp, sk, (void *)ctx[1], DIRECTION_SENT, send_reset_reason(ctx));
	return 0;
}

/* The kernel fires this before it acts on the RST. The skb is not among the arguments. */
SEC("tp_btf/tcp_receive_reset")
int BPF_PROG(tcp_receive_reset, struct sock *sk)
{
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);
	struct memory *memory = tp ? bpf_sk_storage_get(&memories, tp, 0, 0) : NULL;

	/*
	 * If data came after close(), no RST was received. The next event is the RST that this host sends, and that one gets the
	 * row.
	 */
	if (tp && !(memory && is_abort_on_data(tp, memory, tp->inet_conn.icsk_inet.sk.__sk_common.skc_state)))
		report(ctx, tp, NULL, NULL, DIRECTION_RECEIVED, 0);
	return 0;
}

char _license[] SEC("license") = "GPL";
