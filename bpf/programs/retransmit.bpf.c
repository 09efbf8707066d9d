// SPDX-License-Identifier: GPL-2.0-only
/* A row for every skb that TCP sent again, or tried to, and for every SYN-ACK sent again. */
#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "flow.bpf.h"
#include "kernel_fixes.h"
#include "kernel_packets.h"
#include "ledger.bpf.h"
#include "memory.bpf.h"
#include "ring.bpf.h"
#include "../rows/rows.h"
#include "stack.bpf.h"
#include "stall.bpf.h"
#include "synacks.bpf.h"

RING(retransmit);

/* An event is about one skb, which is sent as this many segments. */
static __always_inline __u32 segments_of(const struct tcp_skb_cb *cb)
{
	__u32 segments = BPF_CORE_READ(cb, tcp_gso_segs);

	return segments ? segments : 1;
}

/* In bytes. SYN and FIN take a sequence number each and are not payload. */
static __always_inline __u32 payload_of(const struct tcp_skb_cb *cb, enum class class)
{
	__u32 length = BPF_CORE_READ(cb, end_seq) - BPF_CORE_READ(cb, seq);

	return length - (class == CLASS_SYN) - !!(BPF_CORE_READ(cb, tcp_flags) & TCPHDR_FIN);
}

/* The first rule that holds decides. Each class then equals the kernel's own counter for it (bpf/README.md). */
static __always_inline enum class classify(const struct inet_connection_sock *icsk, __u8 tcp_flags)
{
	__u8 ca_state = BPF_CORE_READ_BITFIELD(icsk, icsk_ca_state);
	__u8 pending = icsk->icsk_pending;

	if (tcp_flags & TCPHDR_SYN)
		return CLASS_SYN;
	/* That the probe timer is pending does not make it a probe: recovery leaves the timer armed. */
	if (pending == ICSK_TIME_LOSS_PROBE && ca_state <= CA_STATE_CWR)
		return CLASS_TLP;
	if (ca_state == CA_STATE_RECOVERY)
		return CLASS_FAST;
	if (ca_state != CA_STATE_LOSS)
		return CLASS_UNKNOWN;
	return pending == 0 && icsk->icsk_retransmits > 0 ? CLASS_RTO : CLASS_SLOW_START;
}

/*
 * The socket's total_retrans tells whether the attempt counted: if it has not moved, the attempt was refused before TCP sent
 * anything. For a connection older than the programs that is first seen here there is no earlier value, so the error decides.
 */
static __always_inline enum outcome outcome_of(struct memory *memory, __u32 total_retrans, __u32 segments, int err,
					       __u64 now_ns)
{
	if (memory && memory->preexisting && memory->born_ns == now_ns && !err) {
		memory->total_retrans -= segments;
		memory->total_retrans_base -= segments;
	}
	if (memory && memory->total_retrans == total_retrans)
		return OUTCOME_REFUSED;
	return err ? OUTCOME_FAILED : OUTCOME_SENT;
}

static __always_inline void fill(struct retransmit_row *row, struct tcp_sock *tp, const struct tcp_skb_cb *cb,
				 const struct memory *memory, const struct repair *repair, enum class class,
				 enum outcome outcome, int err)
{
	struct inet_connection_sock *icsk = &tp->inet_conn;
	__u32 seq = BPF_CORE_READ(cb, seq);
	__u32 end_seq = BPF_CORE_READ(cb, end_seq);
	/* The ISN of a connection older than the programs is not known, so it is computed back from what was acknowledged. */
	__u32 isn = memory && memory->snd_isn ? memory->snd_isn : tp->snd_una - (__u32)tp->bytes_acked;

	row->seq = class == CLASS_SYN ? 0 : seq - isn;
	row->end_seq = row->seq + (end_seq - seq);
	row->bytes = payload_of(cb, class);
	row->segments = segments_of(cb);
	if (row->segments > 1)
		row->mss = BPF_CORE_READ(cb, tcp_gso_size);
	row->rto_us = icsk->icsk_rto * jiffy_us;
	row->snd_cwnd = tp->snd_cwnd;
	row->snd_ssthresh = tp->snd_ssthresh;
	row->packets_out = tp->packets_out;
	row->total_retrans = tp->total_retrans;
	row->lost_out = tp->lost_out;
	row->sacked_out = tp->sacked_out;
	row->retrans_out = tp->retrans_out;
	row->err = err;
	row->class = class;
	row->outcome = outcome;
	row->ca_state = BPF_CORE_READ_BITFIELD(icsk, icsk_ca_state);
	row->backoff = icsk->icsk_backoff;
	row->retransmits = icsk->icsk_retransmits;
	row->head_of_queue = seq == tp->snd_una;
	if (repair) {
		row->dsack_dups = tp->dsack_dups - repair->told_retransmit.dsack_dups;
		row->evidence = evidence_since(&repair->told_retransmit, &repair->doubt, tp);
	}
}

/* Adds this attempt to its class, whether or not its row found room in the ring. The sums are later compared with total_retrans. */
static __always_inline void attribute(struct repair *repair, enum class class, __u32 segments, bool has_payload)
{
	__u32 index = class;

	asm volatile("%0 &= 7" : "+r"(index)); /* clang 14 drops the enum's bound; the verifier wants to see one */
	if (index < CLASS_COUNT)
		repair->retrans[index] += segments;
	if (has_payload && class != CLASS_TLP)
		repair->retrans_data += segments;
}

/*
 * Notes since when this host has had no route for what it sends again. Other errors are those of queues, where a segment was
 * refused although there is a route; they change nothing.
 */
static __always_inline void note_route(struct repair *repair, const struct tcp_sock *tp, enum outcome outcome, int err, __u64 now_ns)
{
	if (err == -EHOSTUNREACH || err == -ENETUNREACH) {
		if (!repair->refused_ns || repair->refused_una != tp->snd_una)
			repair->refused_ns = now_ns;
		repair->refused_una = tp->snd_una;
	} else if (outcome == OUTCOME_SENT) {
		repair->refused_ns = 0;
	}
}

SEC("tp_btf/tcp_retransmit_skb")
int tcp_retransmit_skb(unsigned long long *ctx)
{
	struct tcp_sock *tp = bpf_skc_to_tcp_sock((void *)ctx[0]);
	const struct sk_buff *skb = (void *)ctx[1];
	const struct tcp_skb_cb *cb = (void *)skb->cb;
	int err = retransmit_err(ctx);
	__u64 now_ns = bpf_ktime_get_boot_ns();
	struct filter_facts facts = {};
	struct row_head head = {};
	struct retransmit_row *row;
	struct repair *repair = NULL;
	struct memory *memory;
	__u64 id;

	if (!tp)
		return 0;
	id = bpf_get_socket_cookie(tp);
	memory = memory_of(tp, id, now_ns);
	if (memory)
		repair = repair_make(tp, memory);
	if (repair)
		memory_look(memory, repair, tp);
	else
		count_no_storage(KIND_RETRANSMIT);
	facts.class = classify(&tp->inet_conn, BPF_CORE_READ(cb, tcp_flags));
	facts.outcome = outcome_of(memory, tp->total_retrans, segments_of(cb), err, now_ns);
	facts.ca_state = BPF_CORE_READ_BITFIELD(&tp->inet_conn, icsk_ca_state);

	head_fill(&head, tp, memory, id, now_ns);
	row = row_begin(&ring_retransmit, KIND_RETRANSMIT, sizeof(*row), &head, &facts);
	if (row) {
		fill(row, tp, cb, memory, repair, facts.class, facts.outcome, err);
		row_submit(row);
		stack_tell(ctx, &head, &facts);
	}
	if (facts.outcome != OUTCOME_REFUSED)
		ledger_attribute(head.netns, segments_of(cb));
	if (repair && facts.outcome != OUTCOME_REFUSED)
		attribute(repair, facts.class, segments_of(cb), payload_of(cb, facts.class) > 0);
	if (memory && facts.class == CLASS_RTO)
		transfer_timed_out(memory, tp);
	if (memory)
		memory->total_retrans = tp->total_retrans;
	if (repair)
		note_route(repair, tp, facts.outcome, err, now_ns);
	if (repair && row)
		tell(&repair->told_retransmit, &repair->doubt, tp);
	return 0;
}

/* A SYN-ACK's connection has no socket yet. Its id is the request's cookie, which passes on to the accepted socket. */
SEC("tp_btf/tcp_retransmit_synack")
int BPF_PROG(tcp_retransmit_synack, struct sock *listener, struct request_sock *request)
{
	struct filter_facts facts = { .class = CLASS_SYN_ACK, .outcome = OUTCOME_SENT };
	struct memory *memory = bpf_sk_storage_get(&memories, listener, 0, 0);
	struct retransmit_row *row;
	struct row_head head = {};

	head.time_ns = bpf_ktime_get_boot_ns();
	head.connection_id = bpf_get_socket_cookie(request);
	head_ends(&head, &request->__req_common);
	head.local_port = request->__req_common.skc_num;
	head.cgroup_id = listener->sk_cgrp_data.cgroup->kn->id;
	head.uid = listener->sk_uid.val;
	if (memory)
		head_owner(&head, memory);
	if (memory && memory->owner)
		head.owner = OWNER_LISTENER;
	head.role = ROLE_SERVER;
	head.state = STATE_NEW_SYN_RECV;
	ledger_attribute(head.netns, 1);
	synack_remember(request, head.connection_id);
	row = row_begin(&ring_retransmit, KIND_RETRANSMIT, sizeof(*row), &head, &facts);
	if (!row)
		return 0;
	row->segments = 1;
	row->class = CLASS_SYN_ACK;
	row->outcome = OUTCOME_SENT;
	row_submit(row);
	stack_tell(ctx, &head, &facts);
	return 0;
}

char _license[] SEC("license") = "GPL";
