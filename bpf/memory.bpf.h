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
#define STATE_SLOTS 8

/*
 * What a sample or a close row begins where the last sample ended. Sweeps hold no lock: they write the one of two that
 * is not in force and then turn to it, and a close takes the one that is (sample.bpf.c).
 */
struct account {
	__u64 time_ns;
	__u64 bytes_sent;
	__u64 bytes_received;
	__u32 data_segs_out;
	__u32 chrono[3]; /* jiffies busy, receiver-limited, send-buffer-limited */
};

/* What else sample rows report as deltas, as of the last one. Only sweeps use it. */
struct sampled {
	__u64 bytes_acked;
	__u64 turn_us;
	__u32 data_segs_in;
	__u32 delivered_ce;
	__u32 reord_seen;
	__u32 turns;
	__u32 dsack_dups;
	__u32 undos;
};

/* What every sweep compares, as of the last sample: of a socket that stands still it sees nothing else. */
struct glance {
	__u32 ticks; /* glance_ticks() */
	__u32 segs_out;
	__u32 segs_in;
	__u32 total_retrans;
};

/* Of a listening socket, as of its last row. */
struct listening {
	__u32 drops;
	__u32 accepted;
};

/* Reads and writes by processes: who holds the socket, and how long one side waits for the other (io.bpf.c). */
struct io {
	__u64 established_ns; /* of an accepted connection that no process has read from or written to; else 0 */
	__u64 first_send_ns;
	__u64 first_receive_ns;
	__u64 last_ns;        /* of the last read or write at which a turn may begin (last_io says which) */
	__u64 turn_us;
	__u32 turns;
	__u32 accept_us;
};

/* What was sent last, and with which window (sending.bpf.h): one word, since a look at it holds no lock. */
union sending {
	__u64 whole;
	struct {
		__u32 lsndtime;
		__u16 snd_cwnd; /* at most 65535; 0: nothing follows from it */
		__u16 idle_restarts;
	};
};

struct memory {
	/* One cache line: a sweep reads it of every socket. */
	__u64 connection_id; /* whose memory it is: another socket's means it was cloned from the listener */
	struct glance glance;
	__u32 total_retrans; /* as of the last event */
	__u32 edition;       /* counts samples: its lowest bit says which account is in force; EDITION_LAST: the close row has it */
	enum state state;    /* as of the last event */
	enum state sampled_state; /* as of the last sample */
	enum state last_state; /* the one before the present */
	row_flag preexisting;
	row_flag established;
	row_flag closed;     /* its last row is written, or it never was a connection */
	enum owner owner;
	enum role role;

	struct account accounts[2];
	union {
		struct sampled sampled;
		struct listening listening;
	};
	__u64 listener_id;   /* of an accepted connection */
	__u64 born_ns;       /* first sight */
	__u64 state_ns;      /* entry into the present state; 0 unknown */
	__u64 ca_state_ns;   /* entry into the present congestion state; 0 unknown */
	__u64 state_us[STATE_SLOTS]; /* time in each state that was left */
	struct io io;
	union sending sending;
	__u64 precedence;    /* of the owner among several holders, and the last walk that met it there (owner.bpf.h) */
	__u32 walk;
	__u32 pid;
	__u8 comm[16];
	enum end_reason first_fin;
	enum direction last_io; /* of the last read or write at which a turn may begin */
	__u16 reported_err;  /* the last errno that the socket reported */
	__u32 data_segs_in_left; /* data_segs_in where ESTABLISHED was left */
	__u32 connect_us;
	__u32 snd_isn;
	__u32 rcv_isn;
	__u32 srtt_max_us;
	__u32 idle_restart_us; /* the longest time without sending after which the window was cut */
	__u32 total_retrans_base;     /* at first sight */
	__u32 retrans[CLASS_COUNT];   /* segments by class, sent and failed */
	struct doubt doubt;
	struct told told_retransmit;
	struct told told_congestion;
	__u32 told_retrans;           /* total_retrans as of the last congestion row */
};

/* With what the kernel puts before it, it fills one of its allocator's blocks; a byte more would take one of twice the size. */
_Static_assert(sizeof(struct memory) <= 512 - 72, "memory");

/* A clock of 1.07 s. */
static __always_inline __u32 glance_ticks(__u64 now_ns)
{
	return now_ns >> 30;
}

/* Of the states that a connection can leave, numbered without gaps: where its time in one is kept. Others: STATE_SLOTS. */
static __always_inline __u32 state_slot(__u32 state)
{
	if (state >= STATE_ESTABLISHED && state <= STATE_FIN_WAIT2)
		return state - STATE_ESTABLISHED;
	if (state == STATE_CLOSE_WAIT || state == STATE_LAST_ACK)
		return state - STATE_CLOSE_WAIT + 5;
	return state == STATE_CLOSING ? 7 : STATE_SLOTS;
}

/* BPF_F_CLONE: an accepted socket starts with a copy of its listener's, so the owner passes on by itself. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, struct memory);
} memories SEC(".maps");

/* Set in `edition` by the close row: what was not sampled until then is in that row. */
#define EDITION_LAST (1U << 31)

/* Reads all that samples report as deltas. */
static __always_inline void reading_take(struct glance *glance, struct account *account, struct sampled *sampled,
					 struct tcp_sock *tp, const struct memory *memory, __u64 now_ns)
{
	glance->ticks = glance_ticks(now_ns);
	glance->segs_out = tp->segs_out;
	glance->segs_in = tp->segs_in;
	glance->total_retrans = tp->total_retrans;
	account->time_ns = now_ns;
	account->bytes_sent = tp->bytes_sent;
	account->bytes_received = payload_received(tp);
	account->data_segs_out = tp->data_segs_out;
	chrono_read(tp, account->chrono);
	sampled->bytes_acked = tp->bytes_acked;
	sampled->turn_us = memory->io.turn_us;
	sampled->data_segs_in = tp->data_segs_in;
	sampled->delivered_ce = tp->delivered_ce;
	sampled->reord_seen = tp->reord_seen;
	sampled->turns = memory->io.turns;
	sampled->dsack_dups = tp->dsack_dups;
	sampled->undos = memory->doubt.undos;
}

/* Forgets all but the owner: the beginning of a connection on this socket. */
static __always_inline void memory_begin(struct memory *memory, struct tcp_sock *tp, __u64 id, __u64 now_ns)
{
	__u32 pid = memory->pid, edition = memory->edition;
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
	memory->state = tp->inet_conn.icsk_inet.sk.__sk_common.skc_state;
	memory->glance.ticks = glance_ticks(now_ns);
	/* The first account is in force, and a sweep that still looks at the last connection comes too late. */
	memory->edition = ((edition & ~EDITION_LAST) + 2) & ~1U;
	memory->accounts[0].time_ns = now_ns;
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

/* The memory of a socket as it is, or empty. NULL where the kernel has no room for it. */
static __always_inline struct memory *memory_make(struct tcp_sock *tp)
{
	return bpf_sk_storage_get(&memories, tp, 0, BPF_SK_STORAGE_GET_F_CREATE);
}

/*
 * Makes a memory this socket's. One that is first seen alive was there before the programs were: its counters so far are
 * nobody's, and its deltas start here.
 */
static __always_inline void memory_meet(struct memory *memory, struct tcp_sock *tp, __u64 id, __u64 now_ns)
{
	if (memory->connection_id == 0) {
		memory_begin(memory, tp, id, now_ns);
		memory->preexisting = 1;
		memory->established = 1;
		memory->closed = memory->state == STATE_LISTEN || memory->state == STATE_CLOSE;
		memory->state_ns = 0;
		memory->total_retrans_base = tp->total_retrans;
		tell(&memory->told_retransmit, &memory->doubt, tp);
		tell(&memory->told_congestion, &memory->doubt, tp);
		memory->told_retrans = tp->total_retrans;
		memory->sampled_state = memory->state;
		reading_take(&memory->glance, &memory->accounts[0], &memory->sampled, tp, memory, now_ns);
		if (memory->state == STATE_LISTEN)
			memory->listening.drops = tp->inet_conn.icsk_inet.sk.sk_drops.counter;
	} else if (memory->connection_id != id) {
		memory_accept(memory, tp, id, now_ns);
	}
}

/* The memory of a socket, made at first sight. NULL where the kernel has no room for it. */
static __always_inline struct memory *memory_of(struct tcp_sock *tp, __u64 id, __u64 now_ns)
{
	struct memory *memory = memory_make(tp);

	if (memory)
		memory_meet(memory, tp, id, now_ns);
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

static __always_inline void srtt_look(struct memory *memory, const struct tcp_sock *tp)
{
	__u32 srtt_us = tp->srtt_us >> 3;

	if (srtt_us > memory->srtt_max_us)
		memory->srtt_max_us = srtt_us;
}

/* Every look at a live connection keeps what its counters do not: the largest RTT, and an undo that came meanwhile. */
static __always_inline void memory_look(struct memory *memory, const struct tcp_sock *tp)
{
	srtt_look(memory, tp);
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
