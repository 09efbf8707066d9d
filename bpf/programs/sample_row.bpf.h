/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a sample row says beyond its head, and how a sweep remembers what it said. A sweep does not hold the socket's lock. So what
 * the close row depends on too (struct account) is put in force in one atomic step, and only if no close row has taken it. All else
 * that is written here only sweeps use.
 */
#ifndef TCPLENS_SAMPLE_ROW_BPF_H
#define TCPLENS_SAMPLE_ROW_BPF_H

#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "memory.bpf.h"
#include "../rows/rows.h"
#include "tcp.bpf.h"

/* What the sweep has just read of the present socket. It is too large for the stack. */
static struct {
	struct glance glance;
	struct account account;
	struct sampled sampled;
	struct below below;
} now;

/* Whether the iterator holds the lock of the present socket: then nothing else works on it. */
static bool holds_lock;

/* Whether neither a softirq nor a process works on the socket at this moment. If so, what was read before is taken for consistent. */
static __always_inline bool is_quiet(const struct tcp_sock *tp)
{
	const struct sock *sk = &tp->inet_conn.icsk_inet.sk;
	bool quiet;

	if (holds_lock)
		return true;
	read_barrier();
	quiet = !*(const volatile __u32 *)&sk->sk_lock.slock && !*(const volatile int *)&sk->sk_lock.owned;
	read_barrier();
	return quiet;
}

/*
 * Copies the account in force. The verifier allows no variable index into the value that the kernel hands to an iterator. So a
 * branch chooses, and the barrier keeps the compiler from making an index of it.
 */
static __always_inline void account_read(struct account *to, const struct memory *memory, __u32 edition)
{
	if (edition & 1) {
		*to = memory->accounts[1];
		asm volatile("" ::: "memory");
	} else {
		*to = memory->accounts[0];
	}
}

/* Puts what was just read in force. False: a close row came first, and reports all that this sample would. */
static __always_inline bool account_turn(struct memory *memory, struct repair *repair, __u32 edition)
{
	if (repair)
		repair->below[(edition + 1) & 1] = now.below;
	if (edition & 1) {
		memory->accounts[0] = now.account;
		asm volatile("" ::: "memory");
	} else {
		memory->accounts[1] = now.account;
	}
	if (__sync_val_compare_and_swap(&memory->edition, edition, (edition + 1) & ~EDITION_LAST) != edition)
		return false;
	memory->glance = now.glance;
	memory->sampled_state = memory->state;
	memory->sampled = now.sampled;
	return true;
}

static __always_inline void keep_chrono(const struct account *last)
{
	now.account.chrono[0] = last->chrono[0];
	now.account.chrono[1] = last->chrono[1];
	now.account.chrono[2] = last->chrono[2];
}

/*
 * Takes back what may have been read while the kernel was changing it, so that a row says only what is certain; the next row has
 * the rest. The kernel counts a FIN in bytes_received shortly before it sets SOCK_DONE. It charges a chrono shortly before it
 * starts it again, which a second reading shows.
 */
static __always_inline void keep_certain(struct tcp_sock *tp, const struct account *last)
{
	__u64 received = *(volatile __u64 *)&tp->bytes_received;
	bool quiet = is_quiet(tp);
	__u32 again[3];

	if (received && (!quiet || sock_flag(tp, bpf_core_enum_value(enum sock_flags, SOCK_DONE))))
		received--;
	now.account.bytes_received = received > last->bytes_received ? received : last->bytes_received;
	if (now.account.bytes_sent < last->bytes_sent)
		now.account.bytes_sent = last->bytes_sent;
	chrono_read(tp, again);
	if (again[0] - now.account.chrono[0] > 1 || again[1] - now.account.chrono[1] > 1 || again[2] - now.account.chrono[2] > 1)
		keep_chrono(last);
	else if ((__s32)(again[0] - last->chrono[0]) < 0 || (__s32)(again[1] - last->chrono[1]) < 0 ||
		 (__s32)(again[2] - last->chrono[2]) < 0)
		keep_chrono(last);
}

static __always_inline void fill_deltas(struct sample_row *row, const struct account *account, const struct memory *memory)
{
	const struct glance *glance = &memory->glance;
	const struct sampled *sampled = &memory->sampled;

	row->bytes_sent = now.account.bytes_sent - account->bytes_sent;
	row->bytes_received = now.account.bytes_received - account->bytes_received;
	row->busy_us = (__u64)(now.account.chrono[0] - account->chrono[0]) * jiffy_us;
	row->rwnd_limited_us = (__u64)(now.account.chrono[1] - account->chrono[1]) * jiffy_us;
	row->sndbuf_limited_us = (__u64)(now.account.chrono[2] - account->chrono[2]) * jiffy_us;
	row->interval_us = us_since(account->time_ns, now.account.time_ns);
	row->data_segs_out = now.account.data_segs_out - account->data_segs_out;
	row->bytes_acked = now.sampled.bytes_acked - sampled->bytes_acked;
	row->turn_us = now.sampled.turn_us - sampled->turn_us;
	row->turn_rtt_us = now.sampled.turn_rtt_us - sampled->turn_rtt_us;
	row->turns = now.sampled.turns - sampled->turns;
	row->data_segs_in = now.sampled.data_segs_in - sampled->data_segs_in;
	row->delivered_ce = now.sampled.delivered_ce - sampled->delivered_ce;
	row->reord_seen = now.sampled.reord_seen - sampled->reord_seen;
	row->dsack_dups = now.sampled.dsack_dups - sampled->dsack_dups;
	row->retrans_data = now.account.retrans_data - account->retrans_data;
	row->retrans_spurious = ahead(now.account.retrans_spurious, account->retrans_spurious);
	row->undos = now.sampled.undos - sampled->undos;
	row->segs_out = now.glance.segs_out - glance->segs_out;
	row->segs_in = now.glance.segs_in - glance->segs_in;
	row->retrans = now.glance.total_retrans - glance->total_retrans;
	row->evidence = (row->dsack_dups ? EVIDENCE_DSACK : 0) | (row->undos ? EVIDENCE_UNDO : 0);
}

/*
 * Bytes that failed below TCP, if two readings agree and nothing works on the socket in between; else `told`, what was reported
 * before.
 */
static __always_inline __u32 failed_certainly(const struct tcp_sock *tp, const struct memory *memory, __u32 told)
{
	__u64 bytes_sent = *(const volatile __u64 *)&tp->bytes_sent;
	__u32 failed = payload_failed(tp, memory, bytes_sent, memory->state);

	if (failed <= told || !is_quiet(tp) || payload_failed(tp, memory, *(const volatile __u64 *)&tp->bytes_sent, memory->state) != failed)
		return told;
	return failed;
}

/*
 * Reports what this host held back since the last sample. To be called after fill_deltas(). Returns the repair, which is made if
 * payload failed.
 */
static __always_inline struct repair *look_below(struct sample_row *row, struct tcp_sock *tp, struct memory *memory, struct repair *repair,
						 __u32 edition, __u64 now_ns)
{
	__u64 network_us = row->busy_us - row->rwnd_limited_us - row->sndbuf_limited_us;
	const struct below *last;
	struct waiting waiting;

	if (!repair && !failed_certainly(tp, memory, 0))
		return NULL;
	if (!repair)
		repair = repair_make_unlocked(tp, memory);
	if (!repair)
		return NULL;
	last = &repair->below[edition & 1];
	waiting_take(&waiting, tp, failed_certainly(tp, memory, last->bytes_failed), network_us, now_ns);
	below_take(&now.below, last, &waiting, repair);
	row->bytes_failed = now.below.bytes_failed - last->bytes_failed;
	row->local_limited_us = now.below.local_limited_us - last->local_limited_us;
	return repair;
}

/* Takes the value and puts 0 in its place, in one atomic step: a read or write may find a longer one at this moment. */
static __always_inline __u32 take_longest(__u32 *recent)
{
	return *(volatile __u32 *)recent ? __sync_lock_test_and_set(recent, 0) : 0;
}

static __always_inline void fill_longest(struct sample_row *row, struct memory *memory)
{
	row->turn_max_us = take_longest(&memory->io.recent_turn_us);
	row->stall_max_us = take_longest(&memory->waits.recent_stall_us);
}

static __always_inline void fill_gauges(struct sample_row *row, struct tcp_sock *tp, const struct memory *memory,
					__u64 now_ns)
{
	struct inet_connection_sock *icsk = &tp->inet_conn;
	__u64 idle = idle_us(tp);

	congestion_control_of(row->congestion_control, tp);
	row->delivery_rate = delivery_rate(tp);
	row->state_us = us_since(memory->state_ns, now_ns);
	row->rttvar_us = tp->rttvar_us >> 2;
	row->rtt_min_us = rtt_min_us(tp);
	row->snd_cwnd = tp->snd_cwnd;
	row->snd_ssthresh = tp->snd_ssthresh;
	row->snd_wnd = tp->snd_wnd;
	row->rcv_wnd = receive_window(tp);
	row->packets_out = tp->packets_out;
	row->lost_out = tp->lost_out;
	row->sacked_out = tp->sacked_out;
	row->retrans_out = tp->retrans_out;
	row->notsent = ahead(tp->write_seq, tp->snd_nxt);
	row->unread = payload_unread(tp);
	row->reordering = tp->reordering;
	row->idle_us = idle < ~0U ? idle : ~0U;
	row->idle_restarts = memory->io.sending.idle_restarts;
	row->probes_out = icsk->icsk_probes_out;
	row->backoff = icsk->icsk_backoff;
	row->ca_state = BPF_CORE_READ_BITFIELD(icsk, icsk_ca_state);
	row->app_limited = BPF_CORE_READ_BITFIELD(tp, rate_app_limited);
	row->keepalive = sock_flag(tp, bpf_core_enum_value(enum sock_flags, SOCK_KEEPOPEN));
}

#endif
