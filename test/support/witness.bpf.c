/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A witness beside the programs of tcplens, which shares no line with them: what any program on this kernel can see of each
 * network namespace, and how many softirqs it sees, to be compared with the kernel's own count of them.
 */
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "witness.h"

#define IPPROTO_TCP 6
#define TCP_ESTABLISHED 1
#define TCP_CLOSE 7
#define TCP_LISTEN 10

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct ns_common {
	unsigned int inum;
};
struct net {
	__u64 net_cookie;
	struct ns_common ns;
};
typedef struct {
	struct net *net;
} possible_net_t;
struct sock_common {
	possible_net_t skc_net;
};
struct sock {
	struct sock_common __sk_common;
	__u16 sk_protocol;
};
struct request_sock;
struct sk_buff {
	char cb[48];
};
struct tcp_skb_cb {
	struct {
		__u16 tcp_gso_segs;
	};
};
#pragma clang attribute pop

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64); /* a network namespace's cookie */
	__type(value, struct witnessed);
} witnessed SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct softirqs);
} softirqs SEC(".maps");

/* Segments sent again on this processor since its last softirq began. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} burst SEC(".maps");

SEC("raw_tp/softirq_entry")
int softirq_entry(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 only = 0;
	struct softirqs *seen = bpf_map_lookup_elem(&softirqs, &only);
	__u64 *segments = bpf_map_lookup_elem(&burst, &only);

	if (segments)
		*segments = 0;
	if (seen && ctx->args[0] < 64 && (COUNTED_VECTORS >> ctx->args[0] & 1))
		__sync_fetch_and_add(&seen->seen, 1);
	return 0;
}

static __always_inline struct witnessed *of_namespace(struct sock *sk)
{
	struct net *net = sk->__sk_common.skc_net.net;
	struct witnessed none = { .inode = net->ns.inum };
	__u64 cookie = net->net_cookie;

	bpf_map_update_elem(&witnessed, &cookie, &none, BPF_NOEXIST);
	return bpf_map_lookup_elem(&witnessed, &cookie);
}

static __always_inline int sent_again(struct sock *sk, __u64 segments)
{
	struct witnessed *count = of_namespace(sk);
	__u32 only = 0;
	struct softirqs *most = bpf_map_lookup_elem(&softirqs, &only);
	__u64 *so_far = bpf_map_lookup_elem(&burst, &only);

	if (!count || !most || !so_far)
		return 0;
	__sync_fetch_and_add(&count->retransmits, 1);
	__sync_fetch_and_add(&count->segments, segments);
	*so_far += segments;
	if (*so_far > most->burst)
		most->burst = *so_far;
	return 0;
}

SEC("tp_btf/tcp_retransmit_skb")
int BPF_PROG(tcp_retransmit_skb, struct sock *sk, struct sk_buff *skb)
{
	__u16 segments = BPF_CORE_READ((struct tcp_skb_cb *)skb->cb, tcp_gso_segs);

	return sent_again(sk, segments ? segments : 1);
}

SEC("tp_btf/tcp_retransmit_synack")
int BPF_PROG(tcp_retransmit_synack, struct sock *sk, struct request_sock *request)
{
	return sent_again(sk, 1);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(inet_sock_set_state, struct sock *sk, int old_state, int new_state)
{
	struct witnessed *count = NULL;

	/* The kernel fires this also where the state stays the same. */
	if (sk->sk_protocol == IPPROTO_TCP && old_state != new_state)
		count = of_namespace(sk);
	if (!count)
		return 0;
	__sync_fetch_and_add(&count->state_changes, 1);
	if (new_state == TCP_ESTABLISHED)
		__sync_fetch_and_add(&count->opens, 1);
	if (new_state == TCP_CLOSE && old_state != TCP_LISTEN)
		__sync_fetch_and_add(&count->ends, 1);
	return 0;
}

char _license[] SEC("license") = "GPL";
