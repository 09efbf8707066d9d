/* SPDX-License-Identifier: GPL-2.0-only */
/* Softirqs of the network and of timers, as a program sees them. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define TIMER 1
#define NET_TX 2
#define NET_RX 3

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} seen SEC(".maps");

SEC("raw_tp/softirq_entry")
int softirq_entry(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 vector = ctx->args[0], *count;
	__u32 only = 0;

	count = vector >= TIMER && vector <= NET_RX ? bpf_map_lookup_elem(&seen, &only) : NULL;
	if (count)
		__sync_fetch_and_add(count, 1);
	return 0;
}

char _license[] SEC("license") = "GPL";
