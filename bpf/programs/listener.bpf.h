/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For each listener, the connections that reached it and those that met its queue full. They are counted when that happens, and
 * read when the listener is swept.
 */
#ifndef TCPLENS_LISTENER_BPF_H
#define TCPLENS_LISTENER_BPF_H

#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "kernel_packets.h"
#include "memory_layout.bpf.h"

/* Keyed by the listener's cookie. When the map is full the least recently used entry goes: mostly one of a listener that is gone. */
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
 * Counts a packet that the listener dropped because its accept queue was full. The kernel gives the same reason for the last ACK of
 * a handshake that it drops for another cause (no route back), but then the queue is not full.
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
