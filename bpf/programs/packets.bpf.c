// SPDX-License-Identifier: GPL-2.0-only
/*
 * The headers of packets of followed connections, where network devices take and give them, in every network namespace. Attached only
 * while an investigation asks for it (loader/details.c).
 */
#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "flow.bpf.h"
#include "holder.bpf.h"
#include "kernel_packets.h"
#include "packet.bpf.h"
#include "ring.bpf.h"
#include "../rows/rows.h"
#include "tcp_options.bpf.h"
#include "watch.bpf.h"

RING(packet);

/* The length of the IP header, and what the packet has behind it. */
struct ip_lengths {
	__u32 header, payload;
};

static __always_inline void fill_ipv4(struct packet_row *row, struct ip_lengths *lengths, const void *ip)
{
	struct ipv4_header header = {};

	bpf_probe_read_kernel(&header, sizeof(header), ip);
	row->tos = header.tos;
	row->ip_id = bpf_ntohs(header.id);
	row->ttl = header.ttl;
	lengths->header = (header.version_ihl & 15) * 4;
	lengths->payload = bpf_ntohs(header.total_length) - lengths->header;
}

static __always_inline void fill_ipv6(struct packet_row *row, struct ip_lengths *lengths, const void *ip)
{
	__u8 begin[8] = {};

	bpf_probe_read_kernel(begin, sizeof(begin), ip);
	row->tos = begin[0] << 4 | begin[1] >> 4;
	row->ttl = begin[7];
	lengths->header = sizeof(struct ipv6_header);
	lengths->payload = begin[4] << 8 | begin[5];
}

/* Not inlined, as packet_read() is not: older kernels add up the stacks of all frames. Returns nothing of use. */
static __noinline int fill_headers(struct packet_row *row, const struct sk_buff *skb, const void *ip)
{
	struct tcp_options options = {};
	struct ip_lengths lengths = {};
	struct tcp_header header = {};

	if (bpf_ntohs(BPF_CORE_READ(skb, protocol)) == ETH_P_IP)
		fill_ipv4(row, &lengths, ip);
	else
		fill_ipv6(row, &lengths, ip);
	bpf_probe_read_kernel(&header, sizeof(header), ip + lengths.header);
	options_read(&options, (__u64)ip + lengths.header + TCP_HEADER_BYTES, (header.data_offset >> 4) * 4 - TCP_HEADER_BYTES);
	row->seq = bpf_ntohl(header.seq);
	row->ack = bpf_ntohl(header.ack);
	row->length = lengths.payload - (header.data_offset >> 4) * 4;
	row->tcp_flags = header.flags;
	row->window = bpf_ntohs(header.window);
	row->sack1_from = options.sack[0].from;
	row->sack1_to = options.sack[0].to;
	row->sack2_from = options.sack[1].from;
	row->sack2_to = options.sack[1].to;
	row->sack3_from = options.sack[2].from;
	row->sack3_to = options.sack[2].to;
	row->tsval = options.tsval;
	row->tsecr = options.tsecr;
	row->mss = options.mss;
	row->window_scale = options.window_scale;
	row->sack_permitted = options.sack_permitted;
	row->has_timestamps = options.has_timestamps;
	return 0;
}

static __always_inline void fill_segments(struct packet_row *row, const struct sk_buff *skb)
{
	const struct skb_shared_info *shared = (void *)(BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, end));
	__u16 segments = BPF_CORE_READ(shared, gso_segs);

	row->segments = segments ? segments : 1;
	if (segments > 1)
		row->mss = BPF_CORE_READ(shared, gso_size);
}

/* The connection of a packet that is on its way out, and its owner: from the socket that it holds. Its ends stay those of the packet. */
static __always_inline void head_of_holder(struct row_head *head, const struct packet *packet, const struct sk_buff *skb)
{
	__u64 sk = (__u64)BPF_CORE_READ(skb, sk);

	if (sk && holder_read(head, packet, sk) != DIRECTION_UNKNOWN)
		head_ends_of(head, packet, DIRECTION_SENT);
}

/* Reads the headers once more, so that no caller keeps them in its stack frame; not inlined for the same reason. Returns nothing of use. */
static __noinline int head_of_sent(struct row_head *head, const struct sk_buff *skb, const void *ip)
{
	struct packet packet = {};

	if (packet_read_at(&packet, skb, ip))
		head_of_holder(head, &packet, skb);
	return 0;
}

/* Asks the filters what they want of the packets with these ends, and keeps the answer. */
static __always_inline __u32 asked_of(struct detail *detail, const struct row_head *head, const struct flow_key *key, enum direction direction)
{
	struct filter_facts facts = { .direction = direction };
	struct watch fresh = {};

	fresh.wanted = detail_ask(detail->slots, head, &facts);
	fresh.until_ns = head->time_ns + WATCH_NS;
	fresh.generation = detail->generation;
	bpf_map_update_elem(&flows, key, &fresh, BPF_ANY);
	return fresh.wanted;
}

/* Fills the head of a packet's row, not inlined for the same reason. Returns whether it is TCP's, and the direction behind that bit. */
static __noinline __u32 head_of(struct row_head *head, const struct sk_buff *skb, const void *ip, enum place place)
{
	enum direction direction = DIRECTION_RECEIVED;
	struct packet packet = {};

	if (!packet_read_at(&packet, skb, ip))
		return 0;
	if (place == PLACE_DEVICE_OUT)
		direction = BPF_CORE_READ(skb, skb_iif) ? DIRECTION_UNKNOWN : DIRECTION_SENT;
	head_packet(head, &packet, skb, direction);
	return 1 | direction << 1;
}

static __always_inline void look(const struct sk_buff *skb, const void *ip, enum place place)
{
	struct detail *detail = detail_of(KIND_PACKET);
	struct row_head head = {};
	struct packet_row *row;
	struct flow_key key;
	struct watch *known;
	__u32 found, wanted;
	bool holds;

	if (!detail || !detail->slots)
		return;
	found = head_of(&head, skb, ip, place);
	if (!found)
		return;
	head.time_ns = bpf_ktime_get_boot_ns();
	head.kind = KIND_PACKET;
	flow_key_of(&key, &head, place);
	known = bpf_map_lookup_elem(&flows, &key);
	holds = known && watch_holds(known, detail, head.time_ns);
	/* Most packets end here. Whose they are is found out only where that matters, since it costs as much as all before. */
	wanted = holds ? known->wanted : 0;
	if (holds && !wanted)
		return;
	if ((found >> 1 & 3) == DIRECTION_SENT)
		head_of_sent(&head, skb, ip);
	if (!holds)
		wanted = asked_of(detail, &head, &key, found >> 1 & 3);
	if (wanted)
		wanted = detail_pay(KIND_PACKET, wanted, head.time_ns);
	row = wanted ? row_reserve(&ring_packet, KIND_PACKET, sizeof(*row)) : NULL;
	if (!row)
		return;
	head.filters = wanted;
	row_start(row, sizeof(*row), &head);
	row->ifindex = BPF_CORE_READ(skb, dev, ifindex);
	row->place = place;
	row->direction = found >> 1 & 3;
	fill_headers(row, skb, ip);
	fill_segments(row, skb);
	row_submit(row);
}

SEC("tp_btf/net_dev_start_xmit")
int BPF_PROG(net_dev_start_xmit, const struct sk_buff *skb, const struct net_device *device)
{
	look(skb, BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, network_header), PLACE_DEVICE_OUT);
	return 0;
}

/* The kernel fires this before it notes where the network header begins: that is where `data` is. */
SEC("tp_btf/netif_receive_skb")
int BPF_PROG(netif_receive_skb, const struct sk_buff *skb)
{
	look(skb, BPF_CORE_READ(skb, data), PLACE_DEVICE_IN);
	return 0;
}

char _license[] SEC("license") = "GPL";
