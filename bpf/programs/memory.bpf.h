/* SPDX-License-Identifier: GPL-2.0-only */
/* How a connection's memory begins, what every look at the socket adds to it, and how it ends. */
#ifndef TCPLENS_MEMORY_BPF_H
#define TCPLENS_MEMORY_BPF_H

#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "below.bpf.h"
#include "doubt.bpf.h"
#include "lifetimes.bpf.h"
#include "memory_layout.bpf.h"
#include "repair.bpf.h"
#include "../rows/rows.h"
#include "tcp.bpf.h"

/* A coarse clock, one tick in 2^30 ns (1.07 s). */
static __always_inline __u32 glance_ticks(__u64 now_ns)
{
	return now_ns >> 30;
}

/*
 * The index of a state in state_us, which has the states that a connection can leave, without gaps. Any other state gives
 * STATE_SLOTS.
 */
static __always_inline __u32 state_slot(__u32 state)
{
	if (state >= STATE_ESTABLISHED && state <= STATE_FIN_WAIT2)
		return state - STATE_ESTABLISHED;
	if (state == STATE_CLOSE_WAIT || state == STATE_LAST_ACK)
		return state - STATE_CLOSE_WAIT + 5;
	return state == STATE_CLOSING ? 7 : STATE_SLOTS;
}

/* Set in `edition` by the close row: it reports all that no sample has reported, and no sample may follow. */
#define EDITION_LAST (1U << 31)
/* The close row waits to be written (ending.bpf.h). */
#define EDITION_WAITS (1U << 30)
/* No row has told of the opening yet: the next sweep writes one, unless the close row comes first and tells of it. */
#define EDITION_OPENED (1U << 29)

/* Reads the counters of which samples and close rows report deltas. */
static __always_inline void reading_take(struct glance *glance, struct account *account, struct sampled *sampled,
					 struct tcp_sock *tp, const struct memory *memory, const struct repair *repair,
					 __u64 now_ns)
{
	glance->ticks = glance_ticks(now_ns);
	glance->segs_out = tp->segs_out;
	glance->segs_in = tp->segs_in;
	glance->total_retrans = tp->total_retrans;
	account->time_ns = now_ns;
	account->bytes_sent = *(const volatile __u64 *)&tp->bytes_sent;
	account->bytes_sent -= payload_failed(tp, memory, account->bytes_sent, memory->state);
	account->bytes_received = payload_received(tp);
	account->data_segs_out = tp->data_segs_out;
	chrono_read(tp, account->chrono);
	account->retrans_data = repair ? repair->retrans_data : 0;
	account->retrans_spurious = spurious_of(repair, tp);
	sampled->bytes_acked = tp->bytes_acked;
	sampled->turn_us = memory->io.turn_us;
	sampled->turn_rtt_us = memory->io.turn_rtt_us;
	sampled->data_segs_in = tp->data_segs_in;
	sampled->delivered_ce = tp->delivered_ce;
	sampled->reord_seen = tp->reord_seen;
	sampled->turns = memory->io.turns;
	sampled->dsack_dups = tp->dsack_dups;
	sampled->undos = repair ? repair->doubt.undos : 0;
}

/*
 * Forgets all but the owner. A global function: the verifier checks it once, not at each call, and assumes that the pointer may be
 * NULL.
 */
__noinline int memory_clear(struct memory *memory, __u64 id, __u64 now_ns)
{
	__u32 pid, edition;
	enum owner owner;
	row_text comm;

	if (!memory)
		return 0;
	pid = memory->pid;
	edition = memory->edition;
	owner = memory->owner;
	__builtin_memcpy(comm, memory->comm, sizeof(comm));
	__builtin_memset(memory, 0, sizeof(*memory));
	memory->pid = pid;
	memory->owner = owner;
	__builtin_memcpy(memory->comm, comm, sizeof(comm));
	memory->connection_id = id;
	memory->born_ns = now_ns;
	memory->state_ns = now_ns;
	memory->glance.ticks = glance_ticks(now_ns);
	/*
	 * Puts accounts[0] in force (lowest bit 0). The number is larger than before, so a sweep that still handles the last
	 * connection fails to change it.
	 */
	memory->edition = ((edition & ~(EDITION_LAST | EDITION_WAITS | EDITION_OPENED)) + 2) & ~1U;
	memory->accounts[0].time_ns = now_ns;
	return 0;
}

/* Begins a connection on this socket, or with `is_connection` false what is none: a listener, or a socket that is closed. */
static __always_inline void memory_begin(struct memory *memory, struct tcp_sock *tp, __u64 id, __u64 now_ns, bool is_connection)
{
	memory_clear(memory, id, now_ns);
	memory->total_retrans = tp->total_retrans;
	memory->state = tp->inet_conn.icsk_inet.sk.__sk_common.skc_state;
	memory->closed = !is_connection;
	lifetime_begins(is_connection);
}

/*
 * To be called after the last row. The end is counted before `closed` is set, so that a sweep which finds the connection closed
 * finds its end counted. A global function: the verifier checks it once, not at each call, and assumes that the pointer may be
 * NULL.
 */
__noinline int memory_end(struct memory *memory, __u32 event)
{
	__u64 ended;

	if (!memory)
		return 0;
	ended = !memory->closed;
	lifetime_ends(ended, ended & (event == EVENT_CLOSE) & !memory->established);
	memory->closed = 1;
	return 0;
}

/* Begins an accepted connection. Its memory is empty, or a copy of its listener's. */
static __always_inline void memory_accept(struct memory *memory, struct tcp_sock *tp, __u64 id, __u64 now_ns)
{
	__u64 listener_id = memory->connection_id == id ? 0 : memory->connection_id;

	memory_begin(memory, tp, id, now_ns, true);
	memory->listener_id = listener_id;
	memory->owner = memory->owner ? OWNER_LISTENER : OWNER_UNKNOWN;
	memory->role = ROLE_SERVER;
}

/* The memory of a socket as it is; a new one is empty. NULL if the kernel has no room for one. */
static __always_inline struct memory *memory_make(struct tcp_sock *tp)
{
	return bpf_sk_storage_get(&memories, tp, 0, BPF_SK_STORAGE_GET_F_CREATE);
}

/*
 * Makes a memory this connection's own. A connection that is first seen alive is older than the programs: no row reports what its
 * counters have by now, and its deltas start here.
 */
static __always_inline void memory_meet(struct memory *memory, struct tcp_sock *tp, __u64 id, __u64 now_ns)
{
	if (memory->connection_id == 0) {
		__u8 state = tp->inet_conn.icsk_inet.sk.__sk_common.skc_state;

		memory_begin(memory, tp, id, now_ns, state != STATE_LISTEN && state != STATE_CLOSE);
		memory->preexisting = 1;
		memory->established = state != STATE_SYN_SENT;
		memory->state_ns = 0;
		memory->total_retrans_base = tp->total_retrans;
		memory->sampled_state = memory->state;
		reading_take(&memory->glance, &memory->accounts[0], &memory->sampled, tp, memory, NULL, now_ns);
		if (memory->state == STATE_LISTEN)
			memory->listening.drops = tp->inet_conn.icsk_inet.sk.sk_drops.counter;
	} else if (memory->connection_id != id) {
		memory_accept(memory, tp, id, now_ns);
	}
}

/* The memory of a socket, made if there is none. NULL if the kernel has no room for one. */
static __always_inline struct memory *memory_of(struct tcp_sock *tp, __u64 id, __u64 now_ns)
{
	struct memory *memory = memory_make(tp);

	if (memory)
		memory_meet(memory, tp, id, now_ns);
	return memory;
}

/*
 * Whether a reset that the kernel reports as received is this host's own. If data comes after close(), the kernel fires the same
 * event and sets the same error as for a received RST, and sends its own RST afterwards. Only the data that has come tells the two
 * apart.
 */
static __always_inline bool is_abort_on_data(const struct tcp_sock *tp, const struct memory *memory, int state)
{
	return (state == STATE_FIN_WAIT1 || state == STATE_FIN_WAIT2) &&
	       sock_flag(tp, bpf_core_enum_value(enum sock_flags, SOCK_DEAD)) &&
	       tp->data_segs_in != memory->data_segs_in_left;
}

static __always_inline void srtt_look(struct memory *memory, const struct tcp_sock *tp)
{
	__u32 srtt_us = tp->srtt_us >> 3;

	if (srtt_us > memory->srtt_max_us)
		memory->srtt_max_us = srtt_us;
}

/*
 * Notes what the kernel's counters do not keep: the largest RTT, and whether an undo came meanwhile. To be called at every event of
 * a live connection.
 */
static __always_inline void memory_look(struct memory *memory, struct repair *repair, const struct tcp_sock *tp)
{
	srtt_look(memory, tp);
	if (repair)
		doubt_look(&repair->doubt, tp);
}

#endif
