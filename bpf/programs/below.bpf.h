/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the layers below TCP did not take: no route, the link down, a queue full. The kernel counts an attempt's payload in bytes_sent and
 * data_segs_out before it hands it down; where that fails, its sequence numbers wait to be sent, and after a while it tries again.
 */
#ifndef TCPLENS_BELOW_BPF_H
#define TCPLENS_BELOW_BPF_H

#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "memory_layout.bpf.h"
#include "../rows/rows.h"
#include "tcp.bpf.h"

/* The SYN's sequence number. Of a connection whose opening was not seen what was acknowledged leads back to it, on a server to one before. */
static __always_inline __u32 first_seq(const struct tcp_sock *tp, const struct memory *memory)
{
	if (memory && memory->snd_isn)
		return memory->snd_isn;
	return tp->snd_una - (__u32)tp->bytes_acked - (!memory || memory->role != ROLE_CLIENT);
}

/* States in which the FIN is behind all that was written, once it is written itself. */
#define CLOSING_STATES (1U << STATE_FIN_WAIT1 | 1U << STATE_FIN_WAIT2 | 1U << STATE_CLOSING | 1U << STATE_LAST_ACK)

/* Payload that was handed down for the first time, modulo 2^32. */
static __always_inline __u32 payload_first_sent(const struct tcp_sock *tp, const struct memory *memory, __u32 state)
{
	__u32 next = *(const volatile __u32 *)&tp->snd_nxt;
	__u32 numbers = next - first_seq(tp, memory);

	return numbers - !!numbers - (CLOSING_STATES >> (state & 31) & (next == tp->write_seq));
}

/*
 * Payload of attempts that failed at its first sending. Read without the socket's lock it may have an attempt in it that is under way,
 * since bytes_sent is read first; so what is left of bytes_sent never falls.
 */
static __always_inline __u32 payload_failed(const struct tcp_sock *tp, const struct memory *memory, __u64 bytes_sent, __u32 state)
{
	__s32 failed = (__u32)(bytes_sent - tp->bytes_retrans) - payload_first_sent(tp, memory, state);

	return failed > 0 ? failed : 0;
}

/* What there is to send, and how long nothing has come. */
struct waiting {
	__u64 now_ns;
	__u64 unheard_us; /* since the peer was last heard */
	__u64 network_us; /* of the time since the last look, that with data to send and limited by neither end */
	__u32 failed;     /* payload_failed() */
	__u32 snd_una;
	__u32 snd_nxt;
	__u32 write_seq;
	__u32 snd_wnd;
	__u32 backoff;
};

static __always_inline void waiting_take(struct waiting *waiting, const struct tcp_sock *tp, __u32 failed, __u64 network_us, __u64 now_ns)
{
	waiting->now_ns = now_ns;
	waiting->unheard_us = (__u64)((__u32)bpf_jiffies64() - tp->rcv_tstamp) * jiffy_us;
	waiting->network_us = network_us;
	waiting->failed = failed;
	waiting->snd_una = tp->snd_una;
	waiting->snd_nxt = tp->snd_nxt;
	waiting->write_seq = tp->write_seq;
	waiting->snd_wnd = tp->snd_wnd;
	waiting->backoff = tp->inet_conn.icsk_backoff;
}

/*
 * How long before now this host has let nothing out, µs: 0, it has not. Nothing is in flight, something waits for which the peer has room,
 * and attempts failed: since the peer was last heard at most. Or retransmissions find no route: since then. All the time, where the same
 * waited at the last look.
 */
static __always_inline __u64 kept_us(const struct waiting *waiting, const struct repair *repair, const struct below *last)
{
	bool was_kept = last->is_kept && last->snd_una == waiting->snd_una;
	__u64 since_us = 0;

	if (waiting->snd_nxt != waiting->snd_una) {
		if (repair->refused_ns && repair->refused_una == waiting->snd_una)
			since_us = us_since(repair->refused_ns, waiting->now_ns);
	} else if (waiting->snd_nxt != waiting->write_seq && waiting->snd_wnd &&
		   (waiting->failed != last->bytes_failed || was_kept || waiting->backoff)) {
		since_us = waiting->unheard_us;
	}
	return since_us && was_kept ? ~0ULL : since_us;
}

/* What is so now; `last` is as of the last look. The verifier takes it once; to it all pointers may be NULL. */
__noinline int below_take(struct below *below, const struct below *last, const struct waiting *waiting, const struct repair *repair)
{
	__u64 kept;

	if (!below || !last || !waiting || !repair)
		return 0;
	kept = kept_us(waiting, repair, last);
	below->bytes_failed = waiting->failed;
	below->snd_una = waiting->snd_una;
	below->is_kept = kept != 0;
	below->local_limited_us = last->local_limited_us + (kept < waiting->network_us ? kept : waiting->network_us);
	return 0;
}

#endif
