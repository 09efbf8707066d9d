/* SPDX-License-Identifier: GPL-2.0-only */
/* What is remembered of a connection between its events: socket storage, freed with the socket. */
#ifndef TCPLENS_MEMORY_BPF_H
#define TCPLENS_MEMORY_BPF_H

#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "doubt.bpf.h"
#include "rows.h"
#include "tcp.bpf.h"

#define CLASS_COUNT 7
#define STATE_COUNT 12 /* of those that a socket can leave */

/* The counters that sample rows report as deltas, as of the last one. */
struct sampled {
	__u64 time_ns;
	__u64 bytes_sent;
	__u64 bytes_acked;
	__u64 bytes_received;
	__u64 turn_us;
	__u32 segs_out;
	__u32 segs_in;
	__u32 data_segs_out;
	__u32 data_segs_in;
	__u32 delivered_ce;
	__u32 reord_seen;
	__u32 turns;
	__u32 chrono[3]; /* jiffies busy, receiver-limited, send-buffer-limited */
	struct told told;
	__u32 state;
};

/* Of a listening socket, as of its last row. */
struct listening {
	__u64 time_ns;
	__u32 drops;
	__u32 accepted;
};

/* Reads and writes by processes: who holds the socket, and how long one side waits for the other (io.bpf.c). */
struct io {
	__u64 established_ns; /* of an accepted connection that no process has read from or written to; else 0 */
	__u64 first_send_ns;
	__u64 first_receive_ns;
	__u64 last_ns;        /* of the last read or write at which a turn may begin */
	__u64 turn_us;
	__u32 turns;
	__u32 accept_us;
	enum direction last;
	__u8 pad[7];
};

struct memory {
	__u64 connection_id; /* whose memory it is: another socket's means it was cloned from the listener */
	__u64 listener_id;   /* of an accepted connection */
	__u64 born_ns;       /* first sight */
	__u64 state_ns;      /* entry into the present state; 0 unknown */
	__u64 ca_state_ns;   /* entry into the present congestion state; 0 unknown */
	__u64 state_us[STATE_COUNT]; /* time in each state that was left */
	struct io io;
	__u64 precedence;    /* of the owner among several holders, and the last walk that met it there (owner.bpf.h) */
	__u32 walk;
	__u32 pid;
	__u8 comm[16];
	enum owner owner;
	enum role role;
	enum state last_state; /* the one before the present */
	row_flag preexisting;
	row_flag established;
	row_flag closed;     /* its last row is written, or it never was a connection */
	enum end_reason first_fin;
	__u16 reported_err;  /* the last errno that the socket reported */
	__u32 data_segs_in_left; /* data_segs_in where ESTABLISHED was left */
	__u32 connect_us;
	__u32 snd_isn;
	__u32 rcv_isn;
	__u32 srtt_max_us;
	__u32 total_retrans_base;     /* at first sight */
	__u32 total_retrans;          /* as of the last event */
	__u32 retrans[CLASS_COUNT];   /* segments by class, sent and failed */
	struct doubt doubt;
	struct told told_retransmit;
	struct told told_congestion;
	struct sampled sampled;
	struct listening listening;
};

/* BPF_F_CLONE: an accepted socket starts with a copy of its listener's, so the owner passes on by itself. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, struct memory);
} memories SEC(".maps");

static __always_inline void sampled_read(struct sampled *to, struct tcp_sock *tp, const struct memory *memory, __u64 now_ns)
{
	to->time_ns = now_ns;
	to->bytes_sent = tp->bytes_sent;
	to->bytes_acked = tp->bytes_acked;
	to->bytes_received = payload_received(tp);
	to->turn_us = memory->io.turn_us;
	to->segs_out = tp->segs_out;
	to->segs_in = tp->segs_in;
	to->data_segs_out = tp->data_segs_out;
	to->data_segs_in = tp->data_segs_in;
	to->delivered_ce = tp->delivered_ce;
	to->reord_seen = tp->reord_seen;
	to->turns = memory->io.turns;
	to->state = tp->inet_conn.icsk_inet.sk.__sk_common.skc_state;
	chrono_read(tp, to->chrono);
	tell(&to->told, &memory->doubt, tp);
}

/* Forgets all but the owner: the beginning of a connection on this socket. */
static __always_inline void memory_begin(struct memory *memory, struct tcp_sock *tp, __u64 id, __u64 now_ns)
{
	__u32 pid = memory->pid;
	enum owner owner = memory->owner;
	row_text comm;

	__builtin_memcpy(comm, memory->comm, sizeof(comm));
	__builtin_memset(memory, 0, sizeof(*memory));
	memory->pid = pid;
	memory->owner = owner;
	__builtin_memcpy(memory->comm, comm, sizeof(comm));
	memory->connection_id = id;
	memory->born_ns = now_ns;
	memory->state_ns = now_ns;
	memory->total_retrans = tp->total_retrans;
	memory->sampled.time_ns = now_ns;
	memory->listening.time_ns = now_ns;
}

/* The beginning of an accepted connection, whose memory is empty or a copy of its listener's. */
static __always_inline void memory_accept(struct memory *memory, struct tcp_sock *tp, __u64 id, __u64 now_ns)
{
	__u64 listener_id = memory->connection_id == id ? 0 : memory->connection_id;

	memory_begin(memory, tp, id, now_ns);
	memory->listener_id = listener_id;
	memory->owner = memory->owner ? OWNER_LISTENER : OWNER_UNKNOWN;
	memory->role = ROLE_SERVER;
}

/*
 * The memory of a socket, made at first sight. One that is first seen alive was there before the programs were:
 * its counters so far are nobody's, and its deltas start here. NULL where the kernel has no room for it.
 */
static __always_inline struct memory *memory_of(struct tcp_sock *tp, __u64 id, __u64 now_ns)
{
	struct memory *memory = bpf_sk_storage_get(&memories, tp, 0, BPF_SK_STORAGE_GET_F_CREATE);
	__u8 state = tp->inet_conn.icsk_inet.sk.__sk_common.skc_state;

	if (!memory)
		return NULL;
	if (memory->connection_id == 0) {
		memory_begin(memory, tp, id, now_ns);
		memory->preexisting = 1;
		memory->established = 1;
		memory->closed = state == STATE_LISTEN || state == STATE_CLOSE;
		memory->state_ns = 0;
		memory->total_retrans_base = tp->total_retrans;
		memory->listening.drops = tp->inet_conn.icsk_inet.sk.sk_drops.counter;
		tell(&memory->told_retransmit, &memory->doubt, tp);
		tell(&memory->told_congestion, &memory->doubt, tp);
		sampled_read(&memory->sampled, tp, memory, now_ns);
	} else if (memory->connection_id != id) {
		memory_accept(memory, tp, id, now_ns);
	}
	return memory;
}

/*
 * The kernel acts on data that comes after close() as if the peer had reset: it goes through the same event with the
 * same error, and sends its own RST afterwards. Nothing but the data that has come tells the two apart.
 */
static __always_inline bool is_abort_on_data(const struct tcp_sock *tp, const struct memory *memory, int state)
{
	return (state == STATE_FIN_WAIT1 || state == STATE_FIN_WAIT2) &&
	       sock_flag(tp, bpf_core_enum_value(enum sock_flags, SOCK_DEAD)) &&
	       tp->data_segs_in != memory->data_segs_in_left;
}

/* Every look at a live connection keeps what its counters do not: the largest RTT, and an undo that came meanwhile. */
static __always_inline void memory_look(struct memory *memory, const struct tcp_sock *tp)
{
	__u32 srtt_us = tp->srtt_us >> 3;

	if (srtt_us > memory->srtt_max_us)
		memory->srtt_max_us = srtt_us;
	doubt_look(&memory->doubt, tp);
}

/* Segments that the socket counted and no retransmit row accounts for. */
static __always_inline __u32 memory_unattributed(const struct memory *memory, __u32 total_retrans)
{
	__u32 attributed = memory->total_retrans_base;

#pragma unroll
	for (int class = 0; class < CLASS_COUNT; class++)
		attributed += memory->retrans[class];
	return total_retrans > attributed ? total_retrans - attributed : 0;
}

#endif
