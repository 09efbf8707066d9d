/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is remembered of a connection between its events: socket storage, which the kernel frees with the socket. What only a
 * connection needs that retransmits or leaves the congestion state Open is kept apart (struct repair), since most connections never
 * do.
 */
#ifndef TCPLENS_MEMORY_LAYOUT_BPF_H
#define TCPLENS_MEMORY_LAYOUT_BPF_H

#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include "doubt.bpf.h"
#include "../rows/rows.h"

#define CLASS_COUNT 7
#define STATE_SLOTS 8

/*
 * Counters as of the last sample: the next sample, or the close row, reports what has come since. A memory has two of these,
 * because sweeps hold no lock: a sweep fills the one that is not in force and then puts it in force in one step; a close row uses
 * the one that is in force (sample_row.bpf.h).
 */
struct account {
	__u64 time_ns;
	__u64 bytes_sent;
	__u64 bytes_received;
	__u32 data_segs_out;
	__u32 chrono[3]; /* jiffies busy, receiver-limited, send-buffer-limited */
	__u32 retrans_data;
	__u32 retrans_spurious;
};

/* Further counters as of the last sample, of which only sample rows report deltas. Only sweeps use them. */
struct sampled {
	__u64 bytes_acked;
	__u64 turn_us;
	__u64 turn_rtt_us;
	__u32 data_segs_in;
	__u32 delivered_ce;
	__u32 reord_seen;
	__u32 turns;
	__u32 dsack_dups;
	__u32 undos;
};

/* The counters that every sweep compares, as of the last sample. If none has moved, the sweep reads nothing else of the socket. */
struct glance {
	__u32 ticks; /* glance_ticks() */
	__u32 segs_out;
	__u32 segs_in;
	__u32 total_retrans;
};

/* For a listening socket: its counters as of its last row. */
struct listening {
	__u32 drops;
	__u32 accepted;
	__u32 overflows_told;
	__u32 overflows; /* now: last ACKs of a handshake that met a full accept queue */
};

/*
 * When data was last sent, and the congestion window then (sending.bpf.h). It is one word, so that it can be replaced atomically
 * without a lock.
 */
union sending {
	__u64 whole;
	struct {
		__u32 lsndtime;
		__u16 snd_cwnd; /* at most 65535; 0: forgotten, so nothing is concluded from it */
		__u16 idle_restarts;
	};
};

/*
 * What the reads and writes of processes change (io.bpf.c), in one cache line. Its times are of the socket's own clock
 * (tcp_mstamp), which the kernel sets when a segment is sent or comes: so no program has to read a clock.
 */
struct io {
	union {
		__u64 established_ns; /* while last_io is unknown: when an accepted connection was established that no process has used yet; else 0 */
		__u64 last_us;        /* after that: the time of the last read or write at which a turn may begin (last_io says which) */
	};
	__u64 turn_us;
	__u64 turn_rtt_us;     /* sum of the RTTs at the turns */
	union sending sending;
	__u32 turns;
	__u32 recent_turn_us;  /* the longest since the last sample */
	/* For stalls (stall.bpf.h): how far sending was when `sending` was last noted, and how far reading is. */
	__u32 sent_una;        /* snd_una */
	__u32 sent_busy;       /* jiffies with data to send, as of then */
	__u32 read_from;       /* sequence number since which there was no write and no pause */
	__u32 read_began;      /* jiffies: when the byte at read_from came; below, when the newest data came that a read has seen */
	__u32 came;
	__u16 pause;           /* jiffies: the last pause in reading; it counts as a stall once enough has come after it */
	__u8 pauses;           /* pauses since the last write; counted up to FEED_PAUSES */
	enum direction last_io; /* of the last read or write at which a turn may begin */
};

/* What reads and writes find out once, or seldom. */
struct waits {
	__u32 accept_us;
	__u32 first_send_us;   /* time from first sight of the connection; 0: none yet, or unknown */
	__u32 first_receive_us;
	__u32 turn_max_us;     /* the longest turn and the longest stall of the connection */
	__u32 stall_max_us;
	__u32 recent_stall_us; /* the longest since the last sample */
};

struct memory {
	/* The members up to `io` end a cache line whose beginning the kernel fills: a sweep reads that line of every socket. */
	__u64 connection_id; /* the connection whose memory this is; another socket's id means that it is a copy of the listener's */
	struct glance glance;
	__u32 total_retrans; /* as of the last event */
	__u32 edition;       /* counts samples; its lowest bit is the number of the account in force, its highest bits are EDITION_LAST and others */
	enum state state;    /* as of the last event */
	enum state sampled_state; /* as of the last sample */
	enum state last_state; /* the state before the present one */
	row_flag preexisting;
	row_flag established;
	row_flag closed;     /* its last row is written, or it never was a connection */
	row_flag has_repair; /* there is a struct repair, and it is this connection's */
	enum owner owner;
	enum role role;
	__u32 pid;
	__u32 walk;          /* the last walk that found the socket with its owner (owner.bpf.h) */
	__u32 sent_rate;     /* bytes a jiffy when `io.sending` was noted; 0: little was unacknowledged (stall.bpf.h) */

	struct io io;        /* a cache line of its own: most reads and writes change nothing else */
	struct account accounts[2];
	union {
		struct sampled sampled;
		struct listening listening;
	};
	__u64 listener_id;   /* of an accepted connection */
	__u64 born_ns;       /* CLOCK_BOOTTIME when it was first seen */
	__u64 state_ns;      /* CLOCK_BOOTTIME of the entry into the present state; 0 unknown */
	__u64 state_us[STATE_SLOTS]; /* time in each state that was left */
	struct waits waits;
	__u64 precedence;    /* of the owner among the processes that hold the socket (owner.bpf.h) */
	__u8 comm[16];
	enum end_reason first_fin;
	__u16 reported_err;  /* the last errno that the socket reported */
	__u32 data_segs_in_left; /* data_segs_in where ESTABLISHED was left */
	__u32 connect_us;
	__u32 snd_isn;
	__u32 rcv_isn;
	__u32 srtt_max_us;
	__u32 idle_restart_us; /* the longest time without sending after which the window was cut */
	__u32 total_retrans_base;     /* total_retrans at that time: what is older than the programs */
};

/* What the layers below TCP refused, as of one look at the socket (below.bpf.h). */
struct below {
	__u64 local_limited_us;
	__u32 bytes_failed;
	__u32 snd_una;
	__u32 is_kept; /* 1: this host held data back then */
	__u32 pad;
};

/* How the connection repaired its losses. */
struct repair {
	struct below below[2];        /* as of the last sample; the index is that of the account in force */
	__u64 refused_ns;             /* when retransmissions began to find no route; 0: they find one */
	__u32 refused_una;            /* snd_una at that time */
	__u64 ca_state_ns;            /* CLOCK_BOOTTIME of the entry into the present congestion state; 0 unknown */
	__u32 retrans[CLASS_COUNT];   /* segments by class, sent and failed */
	__u32 retrans_data;           /* of them, those with payload that are no tail loss probe */
	struct doubt doubt;
	struct told told_retransmit;
	struct told told_congestion;
	__u32 told_retrans;           /* total_retrans as of the last congestion row */
};

/*
 * What the kernel puts before a memory. Both together fill one of its allocator's blocks; one byte more would take a block of twice
 * the size.
 */
#define KERNEL_BYTES 72
_Static_assert(sizeof(struct memory) <= 512 - KERNEL_BYTES, "memory");
_Static_assert((__builtin_offsetof(struct memory, io) + KERNEL_BYTES) % 64 == 0 && sizeof(struct io) == 64, "io");

/* BPF_F_CLONE: an accepted socket starts with a copy of its listener's memory, and so with its owner. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, struct memory);
} memories SEC(".maps");

/* Made at the first attempt to retransmit, or where the congestion state first leaves Open. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct repair);
} repairs SEC(".maps");

#endif
