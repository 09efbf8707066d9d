/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The few kernel types that the programs read, each with only the members read. preserve_access_index lets libbpf
 * move every access to where the running kernel has the member, so order and size here mean nothing.
 */
#ifndef TCPLENS_KERNEL_H
#define TCPLENS_KERNEL_H

typedef unsigned char __u8;
typedef signed char __s8;
typedef unsigned short __u16;
typedef short __s16;
typedef unsigned int __u32;
typedef int __s32;
typedef unsigned long long __u64;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef __u16 __sum16;

#define bool _Bool
#define true 1
#define false 0
#define NULL ((void *)0)

#define AF_INET 2
#define AF_INET6 10

#define EADDRNOTAVAIL 99
#define ECONNABORTED 103
#define ECONNRESET 104
#define EPIPE 32
#define EACCES 13
#define ETIMEDOUT 110
#define ECONNREFUSED 111
#define EHOSTUNREACH 113
#define ENETUNREACH 101
#define EHOSTDOWN 112
#define EPROTO 71
#define ENOPROTOOPT 92

#define ICSK_TIME_LOSS_PROBE 5
#define TCPHDR_FIN 0x01
#define TCPHDR_SYN 0x02
#define TCPHDR_RST 0x04
#define TCPHDR_ACK 0x10
#define IPPROTO_TCP 6

/* uapi/linux/bpf.h, as far as maps and helpers need it. */
enum {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_ARRAY_OF_MAPS = 12,
	BPF_MAP_TYPE_SK_STORAGE = 24,
	BPF_MAP_TYPE_RINGBUF = 27,
};
enum {
	BPF_ANY = 0,
	BPF_NOEXIST = 1,
};
enum {
	BPF_F_NO_PREALLOC = 1 << 0,
	BPF_F_CLONE = 1 << 9,
	BPF_F_MMAPABLE = 1 << 10,
	BPF_SK_STORAGE_GET_F_CREATE = 1 << 0,
	BPF_RB_NO_WAKEUP = 1 << 0,
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

enum sock_flags {
	SOCK_DEAD, /* no process has the socket any more */
	SOCK_DONE, /* a FIN was received */
	SOCK_KEEPOPEN,
	SOCK_LINGER,
};

struct ns_common {
	unsigned int inum;
};

struct net {
	__u64 net_cookie;
	struct ns_common ns;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct in6_addr {
	union {
		__u8 u6_addr8[16];
		__u32 u6_addr32[4];
	} in6_u;
};

typedef struct {
	__s64 counter;
} atomic64_t;

struct sock_common {
	union {
		struct {
			__be32 skc_daddr;
			__be32 skc_rcv_saddr;
		};
	};
	union {
		struct {
			__be16 skc_dport;
			__u16 skc_num;
		};
	};
	unsigned short skc_family;
	volatile unsigned char skc_state;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	unsigned int skc_hash;
	atomic64_t skc_cookie;
	union {
		unsigned long skc_flags;
		struct sock *skc_listener; /* only a request has it */
	};
	union {
		__u32 skc_tw_rcv_nxt; /* only a TIME_WAIT socket has it */
	};
};

struct kernfs_node {
	__u64 id;
};

struct cgroup {
	struct kernfs_node *kn;
};

struct sock_cgroup_data {
	struct cgroup *cgroup;
};

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	__u32 val;
} kuid_t;

struct spinlock {
	__u32 word; /* its first word, whatever kind of lock it is; 0 while nobody holds it */
};

typedef struct {
	struct spinlock slock;
	int owned;
} socket_lock_t;

struct bpf_local_storage;

struct sock {
	struct sock_common __sk_common;
	socket_lock_t sk_lock;
	__u16 sk_protocol;
	__u16 sk_type;
	struct bpf_local_storage *sk_bpf_storage;
	__u8 sk_kern_sock : 1;
	atomic_t sk_drops;
	int sk_err;
	__u32 sk_ack_backlog;
	__u32 sk_max_ack_backlog;
	kuid_t sk_uid;
	unsigned long sk_lingertime;
	struct sock_cgroup_data sk_cgrp_data;
};

struct socket {
	struct sock *sk;
};

struct inet_sock {
	struct sock sk;
	__be16 inet_sport;
};

struct fastopen_queue {
	int max_qlen;
};

struct request_sock_queue {
	__u8 rskq_defer_accept;
	atomic_t qlen;
	struct fastopen_queue fastopenq;
};

struct tcp_congestion_ops {
	char name[16];
	void *cong_control;
};

struct inet_connection_sock {
	struct inet_sock icsk_inet;
	struct request_sock_queue icsk_accept_queue;
	__u32 icsk_rto;
	const struct tcp_congestion_ops *icsk_ca_ops;
	__u8 icsk_ca_state : 5;
	__u8 icsk_retransmits;
	__u8 icsk_pending;
	__u8 icsk_backoff;
	__u8 icsk_probes_out;
	struct {
		__u32 lrcvtime;
	} icsk_ack;
};

struct minmax_sample {
	__u32 v;
};

struct minmax {
	struct minmax_sample s[3];
};

struct tcp_sock {
	struct inet_connection_sock inet_conn;
	__u32 reordering;
	__u32 reord_seen;
	__u32 lost_out;
	__u32 sacked_out;
	__u32 retrans_out;
	__u32 undo_marker;
	int undo_retrans;
	__u32 lsndtime;
	__u32 rcv_wup;
	__u32 rcv_tstamp;
	__u64 tcp_mstamp;  /* µs: the newest segment that was sent or came */
	struct {
		__u32 rtt_us;
	} rack; /* of the newest segment that was acknowledged */
	__u32 delivered;
	__u32 delivered_ce;
	__u32 snd_wnd;
	__u32 mss_cache;
	__u32 snd_cwnd;
	__u32 copied_seq;
	__u32 rttvar_us;
	__u32 snd_ssthresh;
	struct minmax rtt_min;
	__u32 segs_out;
	__u32 data_segs_out;
	__u64 bytes_sent;
	__u8 chrono_type : 2; /* in newer kernels a plain byte, which a bitfield read finds too */
	__u32 chrono_start;
	__u32 chrono_stat[3];
	__u32 write_seq;
	__u8 rate_app_limited : 1;
	__u32 rcv_nxt;
	__u32 rcv_ooopack;
	__u32 snd_nxt;
	__u32 snd_una;
	__u32 srtt_us;
	__u32 packets_out;
	__u32 rcv_wnd;
	__u64 bytes_received;
	__u32 segs_in;
	__u32 data_segs_in;
	__u32 rate_delivered;
	__u32 rate_interval_us;
	__u64 bytes_acked;
	__u32 dsack_dups;
	__u64 bytes_retrans;
	__u32 total_retrans;
};

struct tcp_skb_cb {
	__u32 seq;
	__u32 end_seq;
	struct {
		__u16 tcp_gso_segs;
		__u16 tcp_gso_size;
	};
	__u8 tcp_flags; /* wider since 6.16; on little-endian the flags read here stay in the first byte */
};

struct request_sock {
	struct sock_common __req_common;
};

#pragma clang attribute pop

#endif
