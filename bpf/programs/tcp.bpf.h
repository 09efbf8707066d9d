/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel has in tcp_sock, in the units of rows. */
#ifndef TCPLENS_TCP_BPF_H
#define TCPLENS_TCP_BPF_H

#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "../rows/rows.h"

/* Length of a jiffy (1e6 / HZ): the unit of icsk_rto and of the chronos. */
const volatile __u32 jiffy_us = 4000;

/* Whether the processor may read members in another order than the programs do. The loader sets it to false on x86. */
const volatile bool is_weakly_ordered = true;

/*
 * Orders reads: those after the call happen after those before it. Of the instructions that every supported kernel takes, an atomic
 * exchange is one that does this.
 */
static __always_inline void read_barrier(void)
{
	__u64 nowhere = 0;

	if (is_weakly_ordered)
		__sync_lock_test_and_set(&nowhere, 1);
	asm volatile("" ::: "memory");
}

static __always_inline bool sock_flag(const struct tcp_sock *tp, int flag)
{
	return tp->inet_conn.icsk_inet.sk.__sk_common.skc_flags & (1UL << flag);
}

/*
 * In jiffies: [0] time with data to send, and of it [1] limited by the peer's window and [2] limited by the send buffer. Of the
 * kernel's three clocks one runs at a time, and what has passed since it was started is not yet in its sum.
 */
static __always_inline void chrono_read(struct tcp_sock *tp, __u32 chrono[3])
{
	__u32 running = (__u32)bpf_jiffies64() - tp->chrono_start;
	__u8 type = BPF_CORE_READ_BITFIELD(tp, chrono_type); /* TCP_CHRONO_BUSY is 1: the array has no slot for "unspecified" */

	chrono[1] = tp->chrono_stat[1] + (type == 2 ? running : 0);
	chrono[2] = tp->chrono_stat[2] + (type == 3 ? running : 0);
	chrono[0] = tp->chrono_stat[0] + (type == 1 ? running : 0) + chrono[1] + chrono[2];
}

/*
 * one - other, or 0 if that is negative. The two belong together, but a sweep, which holds no lock, may read one of them before it
 * moves past the other.
 */
static __always_inline __u32 ahead(__u32 one, __u32 other)
{
	__s32 difference = one - other;

	return difference > 0 ? difference : 0;
}

/* The kernel counts a received FIN as a byte; rows count payload. */
static __always_inline __u64 payload_received(const struct tcp_sock *tp)
{
	return tp->bytes_received - sock_flag(tp, bpf_core_enum_value(enum sock_flags, SOCK_DONE));
}

/* What was received and not read, without the FIN. A FIN that came before missing data is not yet in rcv_nxt. */
static __always_inline __u32 payload_unread(const struct tcp_sock *tp)
{
	__u32 unread = ahead(tp->rcv_nxt, tp->copied_seq);

	return unread ? unread - sock_flag(tp, bpf_core_enum_value(enum sock_flags, SOCK_DONE)) : 0;
}

/* The window that the peer was last told, minus what has come since (tcp_receive_window()). */
static __always_inline __u32 receive_window(const struct tcp_sock *tp)
{
	__s32 window = tp->rcv_wup + tp->rcv_wnd - tp->rcv_nxt;

	return window > 0 ? window : 0;
}

/* The kernel marks "no sample yet" by all ones. */
static __always_inline __u32 rtt_min_us(const struct tcp_sock *tp)
{
	return tp->rtt_min.s[0].v == ~0U ? 0 : tp->rtt_min.s[0].v;
}

/* In bytes per second, as tcp_compute_delivery_rate() has it. */
static __always_inline __u64 delivery_rate(const struct tcp_sock *tp)
{
	__u32 interval_us = tp->rate_interval_us;

	return interval_us ? (__u64)tp->rate_delivered * tp->mss_cache * 1000000 / interval_us : 0;
}

/* In µs since data was last sent or received, at most 2^32 jiffies; 0 if none was. */
static __always_inline __u64 idle_us(const struct tcp_sock *tp)
{
	__u32 now = (__u32)bpf_jiffies64();
	__u32 since_send = ahead(now, tp->lsndtime);
	__u32 since_receive = ahead(now, tp->inet_conn.icsk_ack.lrcvtime);

	if (!tp->data_segs_out && !tp->data_segs_in)
		return 0;
	return (__u64)(since_send < since_receive ? since_send : since_receive) * jiffy_us;
}

/* In µs since a packet of the peer was last taken, as the kernel's keepalive counts it; 0 before the first. */
static __always_inline __u64 unheard_us(const struct tcp_sock *tp)
{
	__u32 now = (__u32)bpf_jiffies64();
	__u32 since_data = now - tp->inet_conn.icsk_ack.lrcvtime;
	__u32 since_ack = now - tp->rcv_tstamp;

	if (!tp->inet_conn.icsk_ack.lrcvtime && !tp->rcv_tstamp)
		return 0;
	return (__u64)(since_data < since_ack ? since_data : since_ack) * jiffy_us;
}

static __always_inline void congestion_control_of(row_text name, struct tcp_sock *tp)
{
	const struct tcp_congestion_ops *ops = tp->inet_conn.icsk_ca_ops;

	/* Sixteen bytes, zero-filled by whoever registered it. */
	((__u64 *)name)[0] = *(const __u64 *)&ops->name[0];
	((__u64 *)name)[1] = *(const __u64 *)&ops->name[8];
}

static __always_inline __u64 us_since(__u64 then_ns, __u64 now_ns)
{
	return then_ns && now_ns > then_ns ? (now_ns - then_ns) / 1000 : 0;
}

#endif
