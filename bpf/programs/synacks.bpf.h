/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Remembers when the first SYN-ACK was sent, if a SYN-ACK of the handshake was sent again: the kernel then measures no round trip,
 * and the accepted socket does not have the time.
 */
#ifndef TCPLENS_SYNACKS_BPF_H
#define TCPLENS_SYNACKS_BPF_H

#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

struct tcp_request_sock {
	__u64 snt_synack; /* µs of CLOCK_MONOTONIC: the first SYN-ACK */
} __attribute__((preserve_access_index));

/*
 * In µs of CLOCK_MONOTONIC, by the request's cookie, which the accepted socket inherits. When the map is full the least recently
 * used entry goes: mostly one of a handshake that was never completed.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, __u64);
} synacks SEC(".maps");

static __always_inline void synack_remember(const struct request_sock *request, __u64 id)
{
	const struct tcp_request_sock *tcp_request = (const void *)request;
	__u64 sent_us = BPF_CORE_READ(tcp_request, snt_synack);

	if (sent_us)
		bpf_map_update_elem(&synacks, &id, &sent_us, BPF_NOEXIST);
}

/* µs since the first SYN-ACK, 0 if unknown. Forgets it, so a second call returns 0. */
__noinline __u32 synack_since_us(__u64 id)
{
	__u64 *sent_us = bpf_map_lookup_elem(&synacks, &id), now_us = bpf_ktime_get_ns() / 1000;
	__u64 since_us = sent_us && now_us > *sent_us ? now_us - *sent_us : 0;

	if (sent_us)
		bpf_map_delete_elem(&synacks, &id);
	return since_us < ~0U ? since_us : ~0U;
}

#endif
