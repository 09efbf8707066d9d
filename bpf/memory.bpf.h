/* SPDX-License-Identifier: GPL-2.0-only */
/* What is remembered of a connection between its events: socket storage, freed with the socket. */
#ifndef TCPLENS_MEMORY_BPF_H
#define TCPLENS_MEMORY_BPF_H

#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "rows.h"

#define CLASS_COUNT 7

/* The counters that sample rows report as deltas, as of the last one. */
struct sampled {
	__u64 time_ns;
	__u64 bytes_sent;
	__u64 bytes_acked;
	__u64 bytes_received;
	__u32 segs_out;
	__u32 segs_in;
	__u32 data_segs_out;
	__u32 data_segs_in;
	__u32 total_retrans;
	__u32 dsack_dups;
	__u32 chrono[3]; /* jiffies busy, receiver-limited, send-buffer-limited */
};

struct memory {
	__u64 connection_id; /* whose memory it is: another socket's means it was cloned from the listener */
	__u64 born_ns;       /* first sight */
	__u64 state_ns;      /* entry into the present state; 0 unknown */
	__u32 pid;
	__u8 comm[16];
	enum owner owner;
	enum role role;
	row_flag preexisting;
	row_flag established;
	row_flag closed;     /* its last row is written, or it never was a connection */
	enum end_reason first_fin;
	__u32 connect_us;
	__u32 snd_isn;
	__u32 rcv_isn;
	__u32 total_retrans_base;     /* at first sight */
	__u32 total_retrans;          /* as of the last event */
	__u32 dsack_dups;             /* as of the last retransmit row */
	__u32 retrans[CLASS_COUNT];   /* segments by class, sent and failed */
	struct sampled sampled;
};

/* BPF_F_CLONE: an accepted socket starts with a copy of its listener's, so the owner passes on by itself. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
	__type(key, int);
	__type(value, struct memory);
} memories SEC(".maps");

/* chrono_stat with the time that the running one has not yet been charged. Jiffies. */
static __always_inline void chrono_read(struct tcp_sock *tp, __u32 chrono[3])
{
	__u8 type = tp->chrono_type;
	__u32 now = (__u32)bpf_jiffies64();

	/* TCP_CHRONO_BUSY is 1: the array has no slot for "unspecified". */
	chrono[0] = tp->chrono_stat[0];
	chrono[1] = tp->chrono_stat[1];
	chrono[2] = tp->chrono_stat[2];
	if (type >= 1 && type <= 3) {
		__u32 running = now - tp->chrono_start;

		if (type == 1)
			chrono[0] += running;
		else if (type == 2)
			chrono[1] += running;
		else
			chrono[2] += running;
	}
}

/* The kernel counts a received FIN as a byte; rows count payload. */
static __always_inline __u64 payload_received(struct tcp_sock *tp)
{
	unsigned long done = 1UL << bpf_core_enum_value(enum sock_flags, SOCK_DONE);

	return tp->bytes_received - !!(tp->inet_conn.icsk_inet.sk.__sk_common.skc_flags & done);
}

static __always_inline void sampled_read(struct sampled *to, struct tcp_sock *tp, __u64 now_ns)
{
	to->time_ns = now_ns;
	to->bytes_sent = tp->bytes_sent;
	to->bytes_acked = tp->bytes_acked;
	to->bytes_received = payload_received(tp);
	to->segs_out = tp->segs_out;
	to->segs_in = tp->segs_in;
	to->data_segs_out = tp->data_segs_out;
	to->data_segs_in = tp->data_segs_in;
	to->total_retrans = tp->total_retrans;
	to->dsack_dups = tp->dsack_dups;
	chrono_read(tp, to->chrono);
}

/* Forgets all but the owner: the beginning of a connection on this socket. */
static __always_inline void memory_begin(struct memory *memory, struct tcp_sock *tp, __u64 id, __u64 now_ns)
{
	memory->connection_id = id;
	memory->born_ns = now_ns;
	memory->state_ns = now_ns;
	memory->role = ROLE_UNKNOWN;
	memory->preexisting = 0;
	memory->established = 0;
	memory->closed = 0;
	memory->first_fin = END_REASON_NONE;
	memory->connect_us = 0;
	memory->snd_isn = 0;
	memory->rcv_isn = 0;
	memory->dsack_dups = tp->dsack_dups;
	memory->total_retrans_base = 0;
	memory->total_retrans = tp->total_retrans;
	__builtin_memset(memory->retrans, 0, sizeof(memory->retrans));
	__builtin_memset(&memory->sampled, 0, sizeof(memory->sampled));
	memory->sampled.time_ns = now_ns;
}

/* The beginning of an accepted connection, whose memory is empty or a copy of its listener's. */
static __always_inline void memory_accept(struct memory *memory, struct tcp_sock *tp, __u64 id, __u64 now_ns)
{
	memory_begin(memory, tp, id, now_ns);
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
		sampled_read(&memory->sampled, tp, now_ns);
	} else if (memory->connection_id != id) {
		memory_accept(memory, tp, id, now_ns);
	}
	return memory;
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

/*
 * The process's name: that of its main thread, not of the thread that happened to call. Node names its main thread
 * "MainThread" since version 24, which says nothing: then it is the name of the executable.
 */
static __always_inline void comm_of(row_text comm, struct task_struct *task)
{
	const char main_thread[] = "MainThread";

	bpf_probe_read_kernel(comm, sizeof(row_text), BPF_CORE_READ(task, group_leader)->comm);
#pragma unroll
	for (unsigned int i = 0; i < sizeof(main_thread); i++)
		if (comm[i] != main_thread[i])
			return;
	__builtin_memset(comm, 0, sizeof(row_text));
	bpf_probe_read_kernel_str(comm, sizeof(row_text), BPF_CORE_READ(task, mm, exe_file, f_path.dentry, d_name.name));
}

static __always_inline void memory_owner(struct memory *memory, struct task_struct *task, enum owner owner)
{
	memory->pid = BPF_CORE_READ(task, tgid);
	memory->owner = owner;
	comm_of(memory->comm, task);
}

#endif
