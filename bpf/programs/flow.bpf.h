/* SPDX-License-Identifier: GPL-2.0-only */
/* Fills a row's head from a socket. */
#ifndef TCPLENS_FLOW_BPF_H
#define TCPLENS_FLOW_BPF_H

#include "kernel.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "memory.bpf.h"
#include "../rows/rows.h"

#define UID_UNKNOWN (~0U)

const volatile __u64 host_id = 0;

static __always_inline void addr_v4(row_addr to, __be32 addr)
{
	to[10] = 0xff;
	to[11] = 0xff;
	*(__be32 *)(to + 12) = addr;
}

static __always_inline void addr_v6(row_addr to, const struct in6_addr *addr)
{
	__u32 *words = (__u32 *)to;

	words[0] = addr->in6_u.u6_addr32[0];
	words[1] = addr->in6_u.u6_addr32[1];
	words[2] = addr->in6_u.u6_addr32[2];
	words[3] = addr->in6_u.u6_addr32[3];
}

/* What sock and request_sock have in common. */
static __always_inline void head_ends(struct row_head *head, const struct sock_common *common)
{
	head->host_id = host_id;
	head->netns = common->skc_net.net->net_cookie;
	head->peer_port = bpf_ntohs(common->skc_dport);
	if (common->skc_family == AF_INET6) {
		addr_v6(head->local_addr, &common->skc_v6_rcv_saddr);
		addr_v6(head->peer_addr, &common->skc_v6_daddr);
	} else {
		addr_v4(head->local_addr, common->skc_rcv_saddr);
		addr_v4(head->peer_addr, common->skc_daddr);
	}
}

static __always_inline void head_owner(struct row_head *head, const struct memory *memory)
{
	head->pid = memory->pid;
	head->owner = memory->owner;
	head->role = memory->role;
	__builtin_memcpy(head->comm, memory->comm, sizeof(head->comm));
}

static __always_inline void head_fill(struct row_head *head, struct tcp_sock *tp, const struct memory *memory,
				      __u64 id, __u64 now_ns)
{
	struct inet_sock *inet = &tp->inet_conn.icsk_inet;

	head->time_ns = now_ns;
	head->connection_id = id;
	head_ends(head, &inet->sk.__sk_common);
	/* Not skc_num: the kernel clears that on the way to CLOSE. */
	head->local_port = bpf_ntohs(inet->inet_sport);
	head->state = inet->sk.__sk_common.skc_state;
	head->srtt_us = tp->srtt_us >> 3;
	head->cgroup_id = inet->sk.sk_cgrp_data.cgroup->kn->id;
	head->uid = inet->sk.sk_uid.val;
	if (memory)
		head_owner(head, memory);
}

#endif
