// SPDX-License-Identifier: GPL-2.0-only
/* State changes: a row for each, and connection rows where one opens, closes or fails to open. */
#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "connection_row.bpf.h"
#include "end_reason.bpf.h"
#include "ending.bpf.h"
#include "flow.bpf.h"
#include "listener.bpf.h"
#include "memory.bpf.h"
#include "owner.bpf.h"
#include "ring.bpf.h"
#include "../rows/rows.h"
#include "synacks.bpf.h"

RING(state_change);

/* A connection that no sweep finds alive needs no open row: its close row tells of the opening too. */
const volatile bool opens_by_sweep = false;

static __always_inline void report_connection(struct tcp_sock *tp, struct memory *memory, __u64 id, __u64 now_ns,
					      enum event event, int old_state)
{
	int err = event == EVENT_OPEN ? 0 : error_of(tp, memory, old_state);
	struct filter_facts facts = { .event = event };
	__u32 asked = row_ask(KIND_CONNECTION, now_ns);
	bool waits = memory && event == EVENT_CLOSE && can_be_read(tp);
	struct connection_row *row = NULL;
	struct row_head head = {};

	if (!asked)
		return;
	if (event == EVENT_FAILED && !err && is_without_port(tp, old_state))
		err = EADDRNOTAVAIL;
	if (event == EVENT_CLOSE)
		facts.end_reason = closed_reason(tp, memory, old_state, err);
	else if (event == EVENT_FAILED)
		facts.end_reason = failed_reason(memory, old_state, err);
	head_fill(&head, tp, memory, id, now_ns);
	head.state = event == EVENT_OPEN ? STATE_ESTABLISHED : STATE_CLOSE;
	if (!row_wanted(&head, KIND_CONNECTION, &facts, asked))
		return;
	if (waits)
		row = bpf_sk_storage_get(&endings, tp, 0, BPF_SK_STORAGE_GET_F_CREATE);
	waits = row;
	if (!waits) {
		row = row_reserve(&ring_connection, KIND_CONNECTION, sizeof(*row));
		if (!row)
			return;
	}
	row_start(row, sizeof(*row), &head);
	row->event = event;
	row->end_reason = facts.end_reason;
	row->sk_err = err;
	fill_connection(row, tp, memory, now_ns, old_state);
	if (event != EVENT_OPEN)
		fill_end(row, tp, memory, now_ns);
	if (waits)
		ending_wait(memory);
	else
		row_submit(row);
}

/*
 * What a connection's end is called. The event that opened it may have reached no program; the kernel has counted the SYN or SYN-ACK as
 * delivered all the same. Without its memory nobody knows whether it was ever open.
 */
static __always_inline enum event end_of(const struct tcp_sock *tp, const struct memory *memory)
{
	return !memory || memory->established || tp->delivered ? EVENT_CLOSE : EVENT_FAILED;
}

static __always_inline void report_state(struct tcp_sock *tp, const struct memory *memory, __u64 id, __u64 now_ns,
					 int old_state, int new_state)
{
	struct filter_facts facts = { .old_state = old_state, .new_state = new_state };
	__u32 asked = row_ask(KIND_STATE_CHANGE, now_ns);
	struct state_change_row *row;
	struct row_head head = {};

	if (!asked)
		return;
	head_fill(&head, tp, memory, id, now_ns);
	head.state = new_state;
	row = row_make(&ring_state_change, KIND_STATE_CHANGE, sizeof(*row), &head, &facts, asked);
	if (!row)
		return;
	row->old_state = old_state;
	row->new_state = new_state;
	row->duration_us = memory ? us_since(memory->state_ns, now_ns) : 0;
	row_submit(row);
}

/* What the verifier takes once, not again on each way to it: to these the memory may be NULL. */
__noinline int owned_by_caller(struct memory *memory)
{
	if (memory)
		memory_owner(memory, bpf_get_current_task_btf(), OWNER_CONNECT);
	return 0;
}

__noinline int closed_by_caller(struct memory *memory)
{
	if (memory)
		owner_closes(memory);
	return 0;
}

/* connect() and listen() are the two transitions that the socket's own process makes: the first rung of the ladder. */
static __always_inline void begin(struct memory *memory, struct tcp_sock *tp, __u64 id, __u64 now_ns, int new_state)
{
	/* disconnect() has thrown away what the last connection left. */
	if (memory->edition & EDITION_WAITS)
		ending_tell(memory, bpf_sk_storage_get(&endings, tp, 0, 0), 0);
	memory_begin(memory, tp, id, now_ns, new_state != STATE_LISTEN);
	owned_by_caller(memory);
	memory->role = new_state == STATE_SYN_SENT ? ROLE_CLIENT : ROLE_SERVER;
}

/*
 * The kernel starts an accepted socket's counter with the SYN-ACKs that were sent again for its request, but only
 * after the socket's first transition: they are known at its second.
 */
static __always_inline void count_syn_acks(struct memory *memory, struct tcp_sock *tp)
{
	struct repair *repair = tp->total_retrans ? repair_make(tp, memory) : NULL;

	if (repair)
		repair->retrans[CLASS_SYN_ACK] = tp->total_retrans;
	memory->total_retrans = tp->total_retrans;
}

/*
 * A server passes SYN_RECV within microseconds, at the final ACK: its handshake is the SYN-ACK's round trip, from the first one on.
 */
static __always_inline __u32 handshake_us(const struct memory *memory, const struct tcp_sock *tp, __u64 now_ns, int old_state)
{
	__u32 since_us = 0;

	if (old_state == STATE_SYN_SENT && memory->state_ns)
		return us_since(memory->born_ns, now_ns);
	if (tp->total_retrans)
		since_us = synack_since_us(memory->connection_id);
	return since_us ? since_us : tp->srtt_us >> 3;
}

static __always_inline void establish(struct memory *memory, struct tcp_sock *tp, __u64 now_ns, int old_state)
{
	memory->established = 1;
	/* Its beginning is older than the programs, or reached none; that it opened is seen. */
	if (old_state == STATE_SYN_SENT) {
		memory->role = ROLE_CLIENT;
		memory->preexisting = 0;
	}
	if (memory->role == ROLE_SERVER) {
		memory->io.established_ns = now_ns;
		count_accepted(memory->listener_id);
	}
	/* Of what has come and was acknowledged before, as with TCP Fast Open, the kernel's counters tell; the SYN is counted on the client. */
	memory->snd_isn = tp->snd_una - (__u32)tp->bytes_acked - (memory->role == ROLE_SERVER);
	memory->rcv_isn = tp->rcv_nxt - (__u32)tp->bytes_received - 1;
	memory->connect_us = handshake_us(memory, tp, now_ns, old_state);
}

/* Books the time in the state that is left. */
__noinline int leave(struct memory *memory, __u64 now_ns, int old_state, int new_state)
{
	__u32 index = state_slot(old_state);

	if (!memory)
		return 0;
	asm volatile("%0 &= 15" : "+r"(index)); /* clang 14 forgets the bound; the verifier wants to see it */
	if (index < STATE_SLOTS)
		memory->state_us[index] += us_since(memory->state_ns, now_ns);
	memory->state_ns = now_ns;
	memory->last_state = old_state;
	memory->state = new_state;
	return 0;
}

/* Before the rows are written: what this transition says about the connection. */
static __always_inline void remember(struct memory *memory, struct tcp_sock *tp, __u64 id, __u64 now_ns, int old_state,
				     int new_state)
{
	if (old_state == STATE_CLOSE)
		begin(memory, tp, id, now_ns, new_state);
	/* Of a listener that was not known, nothing was cloned. */
	if (old_state == STATE_LISTEN && new_state == STATE_SYN_RECV && memory->preexisting)
		memory_accept(memory, tp, id, now_ns);
	if (old_state == STATE_SYN_RECV && memory->role == ROLE_SERVER && !memory->preexisting)
		count_syn_acks(memory, tp);
	if (new_state == STATE_ESTABLISHED)
		establish(memory, tp, now_ns, old_state);
	if (old_state == STATE_ESTABLISHED)
		memory->data_segs_in_left = tp->data_segs_in;
	if (old_state == STATE_ESTABLISHED && new_state != STATE_CLOSE)
		memory->first_fin = new_state == STATE_CLOSE_WAIT ? END_REASON_FIN_PEER : END_REASON_FIN_LOCAL;
	if (new_state == STATE_FIN_WAIT1 || new_state == STATE_LAST_ACK)
		closed_by_caller(memory);
	memory_look(memory, repair_of(tp, memory), tp);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(inet_sock_set_state, struct sock *sk, int old_state, int new_state)
{
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);
	__u64 now_ns = bpf_ktime_get_boot_ns();
	struct memory *memory;
	__u64 id;

	/* MPTCP sets the state of its subflows to what it is. */
	if (!tp || old_state == new_state)
		return 0;
	id = bpf_get_socket_cookie(tp);
	memory = memory_make(tp);
	/* What begins here is not first seen alive. */
	if (memory && old_state != STATE_CLOSE)
		memory_meet(memory, tp, id, now_ns);
	if (memory)
		remember(memory, tp, id, now_ns, old_state, new_state);
	else
		count_no_storage(KIND_CONNECTION);

	report_state(tp, memory, id, now_ns, old_state, new_state);
	if (memory)
		leave(memory, now_ns, old_state, new_state);
	if (new_state == STATE_ESTABLISHED && opens_by_sweep && memory)
		__sync_fetch_and_or(&memory->edition, EDITION_OPENED);
	/* One call for both: what it expands to is most of the program. */
	else if (new_state == STATE_ESTABLISHED || (new_state == STATE_CLOSE && old_state != STATE_LISTEN))
		report_connection(tp, memory, id, now_ns, new_state == STATE_CLOSE ? end_of(tp, memory) : EVENT_OPEN, old_state);
	/* Asked once more: kept from above, the answer would be half as much work again for the verifier. */
	if (memory && new_state == STATE_CLOSE && !(memory->edition & EDITION_WAITS))
		memory_end(memory, end_of(tp, memory));
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
	enum event event;
	__u64 id;

	if (!memory || memory->closed)
		return 0;
	id = bpf_get_socket_cookie(tp);
	if (memory->connection_id != id)
		return 0;
	if (memory->edition & EDITION_WAITS)
		return ending_tell(memory, bpf_sk_storage_get(&endings, tp, 0, 0), payload_unread(tp));
	event = end_of(tp, memory);
	report_connection(tp, memory, id, bpf_ktime_get_boot_ns(), event, STATE_UNKNOWN);
	memory_end(memory, event);
	return 0;
}

/* Processes read a socket's error and so clear it before the connection ends. */
SEC("tp_btf/inet_sk_error_report")
int BPF_PROG(inet_sk_error_report, const struct sock *sk)
{
	struct tcp_sock *tp = bpf_skc_to_tcp_sock((void *)sk);
	struct memory *memory = tp ? bpf_sk_storage_get(&memories, tp, 0, 0) : NULL;

	if (memory && sk->sk_err)
		memory->reported_err = sk->sk_err;
	return 0;
}

char _license[] SEC("license") = "GPL";
