/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Payload that the layers below TCP refused: there is no route, the link is down, or a queue is full. The kernel adds a segment to
 * bytes_sent and data_segs_out before it hands the segment down. If that fails, snd_nxt stays where it was and the kernel tries
 * again later, so bytes_sent counts the same payload twice.
 */
#ifndef TCPLENS_BELOW_BPF_H
#define TCPLENS_BELOW_BPF_H

#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "memory_layout.bpf.h"
#include "../rows/rows.h"
#include "tcp.bpf.h"

/*
 * The SYN's sequence number. If no program saw the connection open, it is computed back from what was acknowledged: bytes_acked
 * counts the SYN on a client but not on a server.
 */
static __always_inline __u32 first_seq(const struct tcp_sock *tp, const struct memory *memory)
{
	if (memory && memory->snd_isn)
		return memory->snd_isn;
	return tp->snd_una - (__u32)tp->bytes_acked - (!memory || memory->role != ROLE_CLIENT);
}

/* States in which this side has closed. Its FIN comes after all its data, so it has been sent once snd_nxt has reached write_seq. */
#define CLOSING_STATES (1U << STATE_FIN_WAIT1 | 1U << STATE_FIN_WAIT2 | 1U << STATE_CLOSING | 1U << STATE_LAST_ACK)

/*
 * Bytes of payload that TCP has sent for the first time, modulo 2^32: the sequence numbers up to snd_nxt without those of SYN and
 * FIN.
 */
static __always_inline __u32 payload_first_sent(const struct tcp_sock *tp, const struct memory *memory, __u32 state)
{
	__u32 next = *(const volatile __u32 *)&tp->snd_nxt;
	__u32 numbers = next - first_seq(tp, memory);

	return numbers - !!numbers - (CLOSING_STATES >> (state & 31) & (next == tp->write_seq));
}

/*
 * Bytes of payload whose first sending failed below TCP. A reader without the socket's lock may count a sending that is under way
 * as failed, because the kernel raises bytes_sent before snd_nxt. bytes_sent less this value is the smaller of two numbers that
 * only rise, so it never falls.
 */
static __always_inline __u32 payload_failed(const struct tcp_sock *tp, const struct memory *memory, __u64 bytes_sent, __u32 state)
{
	__s32 failed = (__u32)(bytes_sent - tp->bytes_retrans) - payload_first_sent(tp, memory, state);

	return failed > 0 ? failed : 0;
}

/* What a connection has to send, and for how long its peer has been silent: the input of below_take(). */
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
 * For how many µs up to now this host has held data back; 0: it has not.
 *
 * There are two cases. Nothing is in flight, data waits for which the peer has room, and sendings failed: then at most since the
 * peer was last heard. Or retransmissions find no route: then since the first that found none. If the same data was held back at
 * the last look already, the answer is "all the time" (~0).
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

/*
 * Writes how things stand now to `below`; `last` is how they stood at the last look. A global function: the verifier checks it
 * once, not at each call, and assumes that any pointer may be NULL.
 */
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
