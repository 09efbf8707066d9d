/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stall: data was under way or expected, and for a while none moved. No event tells when one begins. These show afterwards that
 * there was one:
 *
 *   reads      Data came after a pause in which nothing was written, for example in the middle of an answer. TRANSFER_BYTES came
 *              before the pause and after it. If the reader itself was away, as much data waits for it as usually comes in such a
 *              time, and that is no stall. Data that pauses again and again is a feed, whose sender has nothing to say: only its
 *              first pauses count.
 *   sends      Between two looks at what was sent last, data was unacknowledged all the time, TRANSFER_BYTES of it at the
 *              beginning. At the rate of the look before, what was acknowledged meanwhile takes less than a quarter of that time.
 *              So a slow path is no stall, but one that gets slower than a quarter from one look to the next is taken for one.
 *   a timeout  Nothing was heard since the data was sent.
 *
 * A pause that is shorter than STALL_US_MIN and two of the best round trips is no stall. An idle connection never stalls: nothing
 * is read after its pause, or nothing was unacknowledged. Several stalls between two looks count as one that is as long as all of
 * them. Times are in jiffies.
 */
#ifndef TCPLENS_STALL_BPF_H
#define TCPLENS_STALL_BPF_H

#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include "memory_layout.bpf.h"
#include "tcp.bpf.h"

#define STALL_US_MIN 50000
#define TRANSFER_BYTES 16384
#define FEED_PAUSES 16
#define READING_JIFFIES 1024 /* a reading that lasts longer begins anew: its old rate is no measure any more */

static __always_inline __u64 jiffies_us(__u32 jiffies)
{
	return (__u64)jiffies * jiffy_us;
}

static __always_inline bool is_long(const struct tcp_sock *tp, __u64 us)
{
	return us >= STALL_US_MIN + 2ULL * rtt_min_us(tp);
}

static __always_inline void stall_ended(struct memory *memory, __u64 us)
{
	__u32 stall_us = us < ~0U ? us : ~0U;

	if (stall_us <= memory->waits.recent_stall_us)
		return;
	memory->waits.recent_stall_us = stall_us;
	if (stall_us > memory->waits.stall_max_us)
		memory->waits.stall_max_us = stall_us;
}

/* Counts the last pause as a stall once enough has come since. `read_to`: the sequence number up to which data was read. */
static __always_inline void pause_settles(struct memory *memory, __u32 read_to)
{
	struct io *io = &memory->io;

	if (!io->pause || read_to - io->read_from < TRANSFER_BYTES)
		return;
	stall_ended(memory, jiffies_us(io->pause));
	io->pause = 0;
}

static __always_inline void reading_begins(struct io *io, __u32 came, __u32 from)
{
	io->read_from = from;
	io->read_began = came;
	io->came = came;
	io->pause = 0;
}

/*
 * A read found data that came in another jiffy than the data of the read before. `begin`: the sequence number where it begins. The
 * time in between is a pause of the sender if what has come since is less than half of what such a time brought before; else the
 * reader was away.
 */
static __always_inline void paused(struct memory *memory, const struct tcp_sock *tp, __u32 came, __u32 begin)
{
	struct io *io = &memory->io;
	__u32 pause = came - io->came, took = io->came - io->read_began + 1;
	__u64 before = begin - io->read_from, lies = tp->rcv_nxt - begin;

	io->came = came;
	if (!is_long(tp, jiffies_us(pause)) && took < READING_JIFFIES)
		return;
	reading_begins(io, came, begin);
	if (!is_long(tp, jiffies_us(pause)))
		return;
	if (io->pauses >= FEED_PAUSES)
		return;
	io->pauses++;
	if (before >= TRANSFER_BYTES && 2 * lies * took < before * pause)
		io->pause = pause < 0xffff ? pause : 0xffff;
}

/* A read that follows a read. Mostly its data came in the same jiffy. */
static __always_inline void transfer_read(struct memory *memory, const struct tcp_sock *tp, __u32 bytes)
{
	__u32 came = tp->inet_conn.icsk_ack.lrcvtime;

	if (came != memory->io.came)
		paused(memory, tp, came, tp->copied_seq - bytes);
	pause_settles(memory, tp->copied_seq);
}

/* The first read after a write. */
static __always_inline void transfer_begins(struct io *io, const struct tcp_sock *tp, __u32 bytes)
{
	reading_begins(io, tp->inet_conn.icsk_ack.lrcvtime, tp->copied_seq - bytes);
	io->pauses = 0;
}

/*
 * For how many of the `between` jiffies since the last look nothing moved, if the rest moved as fast as before. 0 if the rest took
 * a quarter or more.
 */
static __always_inline __u32 still_of(const struct memory *memory, const struct tcp_sock *tp, __u32 between)
{
	__u32 moving = (tp->snd_una - memory->io.sent_una) / memory->sent_rate;

	return moving < between / 4 ? between - moving : 0;
}

/*
 * Bytes a jiffy: what was acknowledged since the last look by `busy` jiffies (and one, which is the error of `busy`), or what is in
 * flight by a round trip if that is less. The second alone is far too much while a queue builds up, since srtt lags behind.
 */
static __always_inline __u32 rate_of(const struct memory *memory, const struct tcp_sock *tp, __u32 busy)
{
	__u32 rate = (tp->snd_una - memory->io.sent_una) / (busy + 1), srtt_us = tp->srtt_us >> 3;
	__u64 most = srtt_us ? (__u64)(tp->snd_nxt - tp->snd_una) * jiffy_us / srtt_us : 0;

	return most < rate ? most : rate;
}

/*
 * Looks at a transfer that sends. `between`: jiffies from the data sent last at the look before to the data sent last now; 0: this
 * is the first look.
 */
static __always_inline void transfer_sent(struct memory *memory, struct tcp_sock *tp, __u32 between)
{
	bool much = tp->write_seq - tp->snd_una >= TRANSFER_BYTES;
	__u32 chrono[3], still, busy, rate = 0;

	if (!much && !memory->sent_rate)
		return;
	chrono_read(tp, chrono);
	busy = chrono[0] - memory->io.sent_busy;
	if (memory->sent_rate) {
		still = still_of(memory, tp, between);
		if (is_long(tp, jiffies_us(still)) && busy + 2 >= between)
			stall_ended(memory, jiffies_us(still));
		rate = rate_of(memory, tp, busy);
	}
	memory->io.sent_una = tp->snd_una;
	memory->io.sent_busy = chrono[0];
	memory->sent_rate = !much ? 0 : rate ? rate : 1;
}

/*
 * A retransmission timeout. The transfer has stood still since the peer was last heard, or since there was something to send if
 * that is later.
 */
static __always_inline void transfer_timed_out(struct memory *memory, const struct tcp_sock *tp)
{
	__u32 now = (__u32)bpf_jiffies64(), since = now - tp->rcv_tstamp;

	if (now - tp->inet_conn.icsk_ack.lrcvtime < since)
		since = now - tp->inet_conn.icsk_ack.lrcvtime;
	if (now - tp->chrono_start < since)
		since = now - tp->chrono_start;
	stall_ended(memory, jiffies_us(since));
}

#endif
