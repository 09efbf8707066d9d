/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The socket that a packet holds: its sender's, or the one that the kernel found for a received packet before TCP looked. The
 * verifier lets no helper take that pointer. So everything is read by reads that may fail, the socket's memory too: a socket has a
 * list of storage elements, one for each map. If the kernel keeps storage in another way, the row has the socket's identity and no
 * owner.
 */
#ifndef TCPLENS_HOLDER_BPF_H
#define TCPLENS_HOLDER_BPF_H

#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "kernel_packets.h"
#include "kernel_storage.h"
#include "memory_layout.bpf.h"
#include "packet.bpf.h"
#include "../rows/rows.h"

#define STORAGES_MAX 32 /* elements looked at: other programs on this host, a second tcplens too, may keep storage for the same socket */

/* The address of the socket's memory; 0: it has none. */
static __always_inline __u64 memory_address(const struct sock *sk)
{
	struct hlist_node *node;
	__u32 ours = ((struct bpf_map *)&memories)->id;

	if (!bpf_core_field_exists(sk->sk_bpf_storage) || !bpf_core_field_exists(struct bpf_local_storage_data, smap) ||
	    !bpf_core_field_exists(struct bpf_local_storage_elem, snode))
		return 0;
	node = BPF_CORE_READ(sk, sk_bpf_storage, list.first);
	for (int i = 0; i < STORAGES_MAX && node; i++) {
		const struct bpf_local_storage_elem *element =
			(void *)node - bpf_core_field_offset(struct bpf_local_storage_elem, snode);

		if (BPF_CORE_READ(element, sdata.smap, map.id) == ours)
			return (__u64)element + bpf_core_field_offset(struct bpf_local_storage_elem, sdata) +
			       bpf_core_field_offset(struct bpf_local_storage_data, data);
		node = BPF_CORE_READ(element, snode.next);
	}
	return 0;
}

/* A memory with another socket's id is a copy of the listener's: the listener's owner is then the best guess. */
static __always_inline void head_owner_of(struct row_head *head, const struct sock *sk, __u64 id)
{
	const struct memory *memory = (void *)memory_address(sk);
	__u64 of = 0;

	if (!memory || bpf_probe_read_kernel(&of, sizeof(of), &memory->connection_id))
		return;
	bpf_probe_read_kernel(&head->pid, sizeof(head->pid), &memory->pid);
	bpf_probe_read_kernel(&head->comm, sizeof(head->comm), &memory->comm);
	bpf_probe_read_kernel(&head->owner, sizeof(head->owner), &memory->owner);
	if (of == id) {
		bpf_probe_read_kernel(&head->role, sizeof(head->role), &memory->role);
		return;
	}
	head->role = ROLE_SERVER;
	if (head->owner)
		head->owner = OWNER_LISTENER;
}

static __always_inline void head_socket(struct row_head *head, const struct sock *sk)
{
	head->cgroup_id = BPF_CORE_READ(sk, sk_cgrp_data.cgroup, kn, id);
	head->uid = BPF_CORE_READ(sk, sk_uid.val);
	head_owner_of(head, sk, head->connection_id);
}

/* Takes the ends from the socket. Those in the packet may have been translated on its way out. */
static __always_inline void head_ends_held(struct row_head *head, const struct sock *sk, bool is_full)
{
	__builtin_memset(head->local_addr, 0, sizeof(head->local_addr));
	__builtin_memset(head->peer_addr, 0, sizeof(head->peer_addr));
	if (BPF_CORE_READ(sk, __sk_common.skc_family) == AF_INET6) {
		BPF_CORE_READ_INTO(&head->local_addr, sk, __sk_common.skc_v6_rcv_saddr);
		BPF_CORE_READ_INTO(&head->peer_addr, sk, __sk_common.skc_v6_daddr);
	} else {
		addr_v4(head->local_addr, BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr));
		addr_v4(head->peer_addr, BPF_CORE_READ(sk, __sk_common.skc_daddr));
	}
	head->peer_port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	/* A full socket loses skc_num on its way to CLOSE. */
	head->local_port = is_full ? bpf_ntohs(BPF_CORE_READ((const struct inet_sock *)sk, inet_sport)) :
				     BPF_CORE_READ(sk, __sk_common.skc_num);
}

static __always_inline bool is_from_peer(const struct row_head *head, const struct packet *packet)
{
	const __u64 *from = (const __u64 *)packet->from, *peer = (const __u64 *)head->peer_addr;

	return packet->from_port == head->peer_port && packet->to_port == head->local_port && from[0] == peer[0] && from[1] == peer[1];
}

/*
 * Fills the head from the socket at this address and returns the packet's direction. Unknown: the socket is not TCP's, and the head
 * is unchanged. A global function, so that the verifier checks it once.
 */
__attribute__((noinline)) __u32 holder_read(struct row_head *head, const struct packet *packet, __u64 address)
{
	const struct sock *sk = (void *)address;
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
	__u8 state = BPF_CORE_READ(sk, __sk_common.skc_state);
	bool is_full = state != STATE_TIME_WAIT && state != STATE_NEW_SYN_RECV;

	if (!head || !packet || (family != AF_INET && family != AF_INET6))
		return DIRECTION_UNKNOWN;
	if (is_full && (BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP || BPF_CORE_READ(sk, sk_type) != SOCK_STREAM))
		return DIRECTION_UNKNOWN;
	head->connection_id = BPF_CORE_READ(sk, __sk_common.skc_cookie.counter);
	head->netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, net_cookie);
	head->state = state;
	head_ends_held(head, sk, is_full);
	if (is_full)
		head_socket(head, sk);
	else if (state == STATE_NEW_SYN_RECV)
		head_socket(head, BPF_CORE_READ(sk, __sk_common.skc_listener));
	return is_from_peer(head, packet) ? DIRECTION_RECEIVED : DIRECTION_SENT;
}

#endif
