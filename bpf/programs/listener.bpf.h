/* SPDX-License-Identifier: GPL-2.0-only */
/* Connections that reached each listener, or met its queue full: counted where that happens, read where the listener is swept. */
#ifndef TCPLENS_LISTENER_BPF_H
#define TCPLENS_LISTENER_BPF_H

#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "kernel_packets.h"
#include "memory_layout.bpf.h"

/* Keyed by the listener's cookie. Least recently used go first: those of listeners that are gone. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, __u64);
} accepted SEC(".maps");

static __always_inline void count_accepted(__u64 listener_id)
{
	__u64 *count = bpf_map_lookup_elem(&accepted, &listener_id), none = 0;

	if (!count && listener_id) {
		bpf_map_update_elem(&accepted, &listener_id, &none, BPF_NOEXIST);
		count = bpf_map_lookup_elem(&accepted, &listener_id);
	}
	if (count)
		__sync_fetch_and_add(count, 1);
}

static __always_inline __u32 listener_accepted(__u64 listener_id)
{
	__u64 *count = bpf_map_lookup_elem(&accepted, &listener_id);

	return count ? *count : 0;
}

/*
 * A packet that the listener dropped. Where the last ACK of a handshake is dropped for another cause (no route back), the kernel gives
 * the same reason; but the queue is then not full.
 */
static __always_inline void count_overflow(struct memory *memory, const struct tcp_sock *listener, __u32 drop_reason)
{
	const struct sock *sk = &listener->inet_conn.icsk_inet.sk;

	if (bpf_core_enum_value_exists(enum skb_drop_reason, SKB_DROP_REASON_TCP_LISTEN_OVERFLOW) &&
	    drop_reason == bpf_core_enum_value(enum skb_drop_reason, SKB_DROP_REASON_TCP_LISTEN_OVERFLOW) &&
	    sk->sk_ack_backlog > sk->sk_max_ack_backlog)
		__sync_fetch_and_add(&memory->listening.overflows, 1);
}

#endif
