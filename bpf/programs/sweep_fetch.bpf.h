/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sweeps wait for memory more than they compute: no socket of many is in a cache. What is needed is asked for early and
 * together, with loads whose results nobody uses.
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
 * A member of each cache line that a row is made of, one straight after the other: the processor then waits for all of them
 * at once. What needs them comes too far apart for that.
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
 * Where the kernel goes next: from a memory to the next one of its list, to whose socket it belongs, and to the memory after
 * that. Each of these steps waits for the one before; begun now, they wait beside what this socket has to be waited for.
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
	/* The next one's own members the last visit has fetched. At the list's end these reads fail. */
	bpf_probe_read_kernel(&elem, sizeof(elem), &elem->map_node.next);
	bpf_core_read(&storage, sizeof(storage), &elem->local_storage);
	bpf_core_read(&elem, sizeof(elem), &elem->map_node.next);
	bpf_core_read(&owner, sizeof(owner), &storage->owner);
	bpf_core_read(&storage, sizeof(storage), &elem->local_storage);
}

#endif
