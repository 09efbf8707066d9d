/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Of many sockets hardly any is in a cache, so a sweep waits for memory longer than it computes. What it will need is therefore
 * asked for early and together, by loads whose results nobody uses.
 */
#ifndef TCPLENS_SWEEP_FETCH_BPF_H
#define TCPLENS_SWEEP_FETCH_BPF_H

#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "kernel_storage.h"
#include "memory.bpf.h"

#define FETCH(member) asm volatile("" : : "r"(*(const volatile typeof(member) *)&(member)))

/*
 * Loads a member of each cache line that a row is made of, straight after one another: so the processor waits for all of them at
 * once. The code that uses them is too long for it to do so by itself.
 */
static __always_inline void fetch_row(const struct tcp_sock *tp, const struct memory *memory)
{
	const struct inet_connection_sock *icsk = &tp->inet_conn;
	const struct sock *sk = &icsk->icsk_inet.sk;

	FETCH(tp->bytes_received);
	FETCH(tp->srtt_us);
	FETCH(tp->snd_wnd);
	FETCH(tp->rttvar_us);
	FETCH(tp->bytes_acked);
	FETCH(tp->dsack_dups);
	FETCH(tp->reord_seen);
	FETCH(tp->total_retrans);
	FETCH(icsk->icsk_rto);
	FETCH(icsk->icsk_ack.lrcvtime);
	FETCH(icsk->icsk_inet.inet_sport);
	FETCH(sk->sk_lock.owned);
	FETCH(sk->sk_uid.val);
	FETCH(sk->sk_cgrp_data.cgroup);
	FETCH(memory->accounts[0].time_ns);
	FETCH(memory->accounts[1].bytes_received);
	FETCH(memory->sampled.turns);
	FETCH(memory->io.turn_us);
	FETCH(memory->waits.recent_stall_us);
	FETCH(memory->comm[0]);
}

/*
 * Loads what the kernel will go to: the next memory of its list, the socket to which that belongs, and the memory after it. Each of
 * these loads waits for the one before. Begun now, they go on while this socket is waited for.
 */
static __always_inline void fetch_next(const struct memory *memory)
{
	struct bpf_local_storage *storage = NULL;
	struct bpf_local_storage_elem *elem = NULL;
	struct sock *owner;

	if (!bpf_core_field_exists(elem->map_node.next) || !bpf_core_field_exists(elem->local_storage) ||
	    !bpf_core_field_exists(elem->sdata) || !bpf_core_field_exists(((struct bpf_local_storage_data *)0)->data) ||
	    !bpf_core_field_exists(storage->owner))
		return;
	elem = (void *)memory - bpf_core_field_offset(struct bpf_local_storage_elem, sdata) -
	       bpf_core_field_offset(struct bpf_local_storage_data, data);
	/* The last visit has loaded the next element already. At the end of the list these reads fail. */
	bpf_probe_read_kernel(&elem, sizeof(elem), &elem->map_node.next);
	bpf_core_read(&storage, sizeof(storage), &elem->local_storage);
	bpf_core_read(&elem, sizeof(elem), &elem->map_node.next);
	bpf_core_read(&owner, sizeof(owner), &storage->owner);
	bpf_core_read(&storage, sizeof(storage), &elem->local_storage);
}

#endif
