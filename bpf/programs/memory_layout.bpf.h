/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is remembered of a connection between its events: socket storage, freed with the socket. What only a connection that
 * retransmits or leaves the congestion state Open needs lies apart (struct repair): most connections never do.
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
 * What a sample or a close row begins where the last sample ended. Sweeps hold no lock: they write the one of two that
 * is not in force and then turn to it, and a close takes the one that is (sample.bpf.c).
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

/* What else sample rows report as deltas, as of the last one. Only sweeps use it. */
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
	__u32 overflows_told;
	__u32 overflows; /* so far: last ACKs of a handshake that met a full accept queue */
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

/*
 * All that reads and writes of processes keep (io.bpf.c), in one cache line. Times of the socket are those of its own clock, which the
 * kernel sets where a segment is sent or comes (tcp_mstamp): no program has to read one.
 */
struct io {
	union {
		__u64 established_ns; /* until last_io is known, of an accepted connection that no process has read from or written to; else 0 */
		__u64 last_us;        /* of the socket, at the last read or write at which a turn may begin (last_io says which) */
	};
	__u64 turn_us;
	__u64 turn_rtt_us;     /* the path's RTT at each turn, added up */
	union sending sending;
	__u32 turns;
	__u32 recent_turn_us;  /* the longest since the last sample */
	/* Of a transfer, which may stand still (stall.bpf.h): where it was when `sending` was looked at, and what is being read. */
	__u32 sent_una;        /* snd_una */
	__u32 sent_busy;       /* jiffies with data to send */
	__u32 read_from;       /* sequence number: from here on nothing was written in between, and nothing paused */
	__u32 read_began;      /* jiffies: when that came, and when the newest data came that a read has seen */
	__u32 came;
	__u16 pause;           /* jiffies: the last pause in reading, which is a stall once enough has come after it */
	__u8 pauses;           /* in what is being read, as far as they are counted */
	enum direction last_io; /* of the last read or write at which a turn may begin */
};

/* What reads and writes say once, or seldom. */
struct waits {
	__u32 accept_us;
	__u32 first_send_us;   /* from first sight; 0 none or unknown */
	__u32 first_receive_us;
	__u32 turn_max_us;     /* the longest turn and stall of the life */
	__u32 stall_max_us;
	__u32 recent_stall_us; /* the longest since the last sample */
};

struct memory {
	/* With what the kernel puts before it, one cache line: a sweep reads it of every socket. */
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
	row_flag has_repair; /* there is a struct repair, and it is this connection's */
	enum owner owner;
	enum role role;
	__u32 pid;
	__u32 walk;          /* the last walk that met it with its owner (owner.bpf.h) */
	__u32 sent_rate;     /* bytes a jiffy, when `io.sending` was looked at; 0: little was unacknowledged (stall.bpf.h) */

	struct io io;        /* a cache line too: reads and writes change nothing else */
	struct account accounts[2];
	union {
		struct sampled sampled;
		struct listening listening;
	};
	__u64 listener_id;   /* of an accepted connection */
	__u64 born_ns;       /* first sight */
	__u64 state_ns;      /* entry into the present state; 0 unknown */
	__u64 state_us[STATE_SLOTS]; /* time in each state that was left */
	struct waits waits;
	__u64 precedence;    /* of the owner among several holders */
	__u8 comm[16];
	enum end_reason first_fin;
	__u16 reported_err;  /* the last errno that the socket reported */
	__u32 data_segs_in_left; /* data_segs_in where ESTABLISHED was left */
	__u32 connect_us;
	__u32 snd_isn;
	__u32 rcv_isn;
	__u32 srtt_max_us;
	__u32 idle_restart_us; /* the longest time without sending after which the window was cut */
	__u32 total_retrans_base;     /* at first sight */
};

/* What the layers below TCP did not take, as of a look (below.bpf.h). */
struct below {
	__u64 local_limited_us;
	__u32 bytes_failed;
	__u32 snd_una;
	__u32 is_kept; /* 1: nothing left this host then */
	__u32 pad;
};

/* How the connection repaired its losses. */
struct repair {
	struct below below[2];        /* as of the last sample: the one of the account in force */
	__u64 refused_ns;             /* since when retransmissions find no route; 0 they do */
	__u32 refused_una;            /* snd_una as of then */
	__u64 ca_state_ns;            /* entry into the present congestion state; 0 unknown */
	__u32 retrans[CLASS_COUNT];   /* segments by class, sent and failed */
	__u32 retrans_data;           /* of them, with payload and no tail probe */
	struct doubt doubt;
	struct told told_retransmit;
	struct told told_congestion;
	__u32 told_retrans;           /* total_retrans as of the last congestion row */
};

/* With what the kernel puts before it, it fills one of its allocator's blocks; a byte more would take one of twice the size. */
#define KERNEL_BYTES 72
_Static_assert(sizeof(struct memory) <= 512 - KERNEL_BYTES, "memory");
_Static_assert((__builtin_offsetof(struct memory, io) + KERNEL_BYTES) % 64 == 0 && sizeof(struct io) == 64, "io");

/* BPF_F_CLONE: an accepted socket starts with a copy of its listener's, so the owner passes on by itself. */
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
