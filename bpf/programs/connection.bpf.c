// SPDX-License-Identifier: GPL-2.0-only
/*
 * A state_change row for each transition between TCP states, a connection row where a connection opens, closes or fails to open,
 * and a listener's last row.
 */
#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "connection_row.bpf.h"
#include "end_reason.bpf.h"
#include "ending.bpf.h"
#include "flow.bpf.h"
#include "listener_row.bpf.h"
#include "memory.bpf.h"
#include "owner.bpf.h"
#include "ring.bpf.h"
#include "../rows/rows.h"
#include "synacks.bpf.h"

RING(state_change);

/* True: a connection's open row is written by the first sweep that finds it. If none does, its close row tells of the opening too. */
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
 * Whether a connection that ends had been open. The event of its opening may have reached no program; then `delivered` tells, since
 * the kernel counts an acknowledged SYN or SYN-ACK there. Without a memory nothing is known, and the end is reported as a close.
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

/* The next two are global functions: the verifier checks each once, not at each call, and assumes that the pointer may be NULL. */
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

/* A connection or a listener begins. connect() and listen() make these transitions themselves, so the running process is the owner. */
static __always_inline void begin(struct memory *memory, struct tcp_sock *tp, __u64 id, __u64 now_ns, int new_state)
{
	/*
	 * The socket is reused after a disconnect, which has thrown away what was unread: the last close row need not wait any
	 * longer.
	 */
	if (memory->edition & EDITION_WAITS)
		ending_tell(memory, bpf_sk_storage_get(&endings, tp, 0, 0), 0);
	memory_begin(memory, tp, id, now_ns, new_state != STATE_LISTEN);
	if (new_state == STATE_LISTEN)
		listener_begin(memory, tp, id);
	owned_by_caller(memory);
	memory->role = new_state == STATE_SYN_SENT ? ROLE_CLIENT : ROLE_SERVER;
}

/*
 * Counts the SYN-ACKs that were sent again. The kernel starts an accepted socket's total_retrans with their number, but only after
 * the socket's first transition, so they are counted at its second.
 */
static __always_inline void count_syn_acks(struct memory *memory, struct tcp_sock *tp)
{
	struct repair *repair = tp->total_retrans ? repair_make(tp, memory) : NULL;

	if (repair)
		repair->retrans[CLASS_SYN_ACK] = tp->total_retrans;
	memory->total_retrans = tp->total_retrans;
}

/*
 * How long the handshake took, in µs. A client's is the time since its SYN. A server's socket is made at the last ACK and leaves
 * SYN_RECV within microseconds. So its handshake is the time since the first SYN-ACK if one was sent again, else the RTT of the
 * only one.
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
	/*
	 * No program saw the SYN, or it was sent before the programs ran. This transition shows that the connection is a client's
	 * and opens now.
	 */
	if (old_state == STATE_SYN_SENT) {
		memory->role = ROLE_CLIENT;
		memory->preexisting = 0;
	}
	if (memory->role == ROLE_SERVER) {
		memory->io.established_ns = now_ns;
		count_accepted(memory->listener_id);
	}
	/*
	 * With TCP Fast Open, data has come and was acknowledged before this: the kernel's counters say how much. bytes_acked
	 * counts the SYN on a client only.
	 */
	memory->snd_isn = tp->snd_una - (__u32)tp->bytes_acked - (memory->role == ROLE_SERVER);
	memory->rcv_isn = tp->rcv_nxt - (__u32)tp->bytes_received - 1;
	memory->connect_us = handshake_us(memory, tp, now_ns, old_state);
}

/* Adds up the time spent in the old state, and notes when the new one begins. */
__noinline int leave(struct memory *memory, __u64 now_ns, int old_state, int new_state)
{
	__u32 index = state_slot(old_state);

	if (!memory)
		return 0;
	asm volatile("%0 &= 15" : "+r"(index)); /* clang 14 drops the bound below; the verifier wants to see one */
	if (index < STATE_SLOTS)
		memory->state_us[index] += us_since(memory->state_ns, now_ns);
	memory->state_ns = now_ns;
	memory->last_state = old_state;
	memory->state = new_state;
	return 0;
}

/* Takes into the memory what this transition says about the connection. To be called before the rows are written. */
static __always_inline void remember(struct memory *memory, struct tcp_sock *tp, __u64 id, __u64 now_ns, int old_state,
				     int new_state)
{
	if (old_state == STATE_CLOSE)
		begin(memory, tp, id, now_ns, new_state);
	/*
	 * The listener had no memory that could have been cloned, so memory_meet() took this connection for one older than the
	 * programs.
	 */
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

	/* MPTCP also sets the state that a subflow already has: that is no transition. */
	if (!tp || old_state == new_state)
		return 0;
	id = bpf_get_socket_cookie(tp);
	memory = memory_make(tp);
	/* A socket that leaves CLOSE begins a connection here: memory_meet() would take it for one older than the programs. */
	if (memory && old_state != STATE_CLOSE)
		memory_meet(memory, tp, id, now_ns);
	if (memory)
		remember(memory, tp, id, now_ns, old_state, new_state);
	else
		count_no_storage(KIND_CONNECTION);

	report_state(tp, memory, id, now_ns, old_state, new_state);
	if (memory && old_state == STATE_LISTEN && new_state == STATE_CLOSE)
		report_listener(tp, memory, id, now_ns, STATE_CLOSE);
	if (memory)
		leave(memory, now_ns, old_state, new_state);
	if (new_state == STATE_ESTABLISHED && opens_by_sweep && memory)
		__sync_fetch_and_or(&memory->edition, EDITION_OPENED);
	/* One call for both cases: it is inlined, and most of the program is what it expands to. */
	else if (new_state == STATE_ESTABLISHED || (new_state == STATE_CLOSE && old_state != STATE_LISTEN))
		report_connection(tp, memory, id, now_ns, new_state == STATE_CLOSE ? end_of(tp, memory) : EVENT_OPEN, old_state);
	/* end_of() is called again. If its first result were kept, the verifier would have half as much work again. */
	if (memory && new_state == STATE_CLOSE && !(memory->edition & EDITION_WAITS))
		memory_end(memory, end_of(tp, memory));
	return 0;
}

/*
 * Sometimes the kernel's event for a transition reaches no program (bpf/README.md). A connection whose end was not seen gets its
 * close row here, when its socket is destroyed.
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

/* Remembers the socket's error: a process that reads it clears it, maybe before the connection ends. */
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
