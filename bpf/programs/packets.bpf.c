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
#include "detail.bpf.h"
#include "flow.bpf.h"
#include "holder.bpf.h"
#include "kernel_packets.h"
#include "packet.bpf.h"
#include "ring.bpf.h"
#include "../rows/rows.h"
#include "tcp_options.bpf.h"

RING(packet);

/* What of the IP header only these rows have. */
static __always_inline void fill_ip(struct packet_row *row, const struct sk_buff *skb, const void *ip)
{
	__u8 header[10] = {};

	bpf_probe_read_kernel(header, sizeof(header), ip);
	if (bpf_ntohs(BPF_CORE_READ(skb, protocol)) == ETH_P_IP) {
		row->tos = header[1];
		row->ip_id = header[4] << 8 | header[5];
		row->ttl = header[8];
	} else {
		row->tos = header[0] << 4 | header[1] >> 4;
		row->ttl = header[7];
	}
}

static __always_inline void fill_tcp(struct packet_row *row, const struct sk_buff *skb, const void *ip)
{
	const void *tcp = ip + (bpf_ntohs(BPF_CORE_READ(skb, protocol)) == ETH_P_IP ? 0 : sizeof(struct ipv6_header));
	struct tcp_options options = {};
	__u8 header[20] = {};
	__u8 first = 0;

	if (bpf_ntohs(BPF_CORE_READ(skb, protocol)) == ETH_P_IP) {
		bpf_probe_read_kernel(&first, sizeof(first), ip);
		tcp += (first & 15) * 4;
	}
	bpf_probe_read_kernel(header, sizeof(header), tcp);
	options_read(&options, (__u64)tcp + sizeof(header), (header[12] >> 4) * 4 - sizeof(header));
	row->window = header[14] << 8 | header[15];
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
}

static __always_inline void fill(struct packet_row *row, const struct packet *packet, const struct sk_buff *skb, enum place place,
				 enum direction direction)
{
	const struct skb_shared_info *shared = (void *)(BPF_CORE_READ(skb, head) + BPF_CORE_READ(skb, end));
	__u16 segments = BPF_CORE_READ(shared, gso_segs);

	row->seq = packet->seq;
	row->ack = packet->ack;
	row->length = packet->length;
	row->tcp_flags = packet->tcp_flags;
	row->segments = segments ? segments : 1;
	row->ifindex = BPF_CORE_READ(skb, dev, ifindex);
	row->place = place;
	row->direction = direction;
}

/* The connection of a packet that is on its way out, and its owner: from the socket that it holds. Its ends stay those of the packet. */
static __always_inline void head_of_holder(struct row_head *head, const struct packet *packet, const struct sk_buff *skb)
{
	__u64 sk = (__u64)BPF_CORE_READ(skb, sk);

	if (sk && holder_read(head, packet, sk) != DIRECTION_UNKNOWN)
		head_ends_of(head, packet, DIRECTION_SENT);
}

/* What the filters want of the packet, from what is known of its ends; asks them where that is old. */
static __always_inline __u32 wanted_of(struct detail *detail, const struct row_head *head, enum place place, enum direction direction)
{
	struct filter_facts facts = { .direction = direction };
	struct watch fresh = {}, *known;
	struct flow_key key;

	flow_key_of(&key, head, place);
	known = bpf_map_lookup_elem(&flows, &key);
	if (known && watch_holds(known, detail, head->time_ns))
		return known->wanted;
	fresh.wanted = detail_ask(detail->slots, head, &facts);
	fresh.until_ns = head->time_ns + WATCH_NS;
	fresh.generation = detail->generation;
	bpf_map_update_elem(&flows, &key, &fresh, BPF_ANY);
	return fresh.wanted;
}

static __always_inline void look(const struct sk_buff *skb, const void *ip, enum place place)
{
	struct detail *detail = detail_of(KIND_PACKET);
	enum direction direction = DIRECTION_RECEIVED;
	struct packet packet = {};
	struct row_head head = {};
	struct packet_row *row;
	__u32 wanted;

	if (!detail || !detail->slots || !packet_read_at(&packet, skb, ip))
		return;
	if (place == PLACE_DEVICE_OUT)
		direction = BPF_CORE_READ(skb, skb_iif) ? DIRECTION_UNKNOWN : DIRECTION_SENT;
	head_packet(&head, &packet, skb, direction);
	head.time_ns = bpf_ktime_get_boot_ns();
	head.kind = KIND_PACKET;
	if (direction == DIRECTION_SENT)
		head_of_holder(&head, &packet, skb);
	wanted = wanted_of(detail, &head, place, direction);
	if (wanted)
		wanted = detail_pay(KIND_PACKET, wanted, head.time_ns);
	row = wanted ? row_reserve(&ring_packet, KIND_PACKET, sizeof(*row)) : NULL;
	if (!row)
		return;
	head.filters = wanted;
	row_start(row, sizeof(*row), &head);
	fill(row, &packet, skb, place, direction);
	fill_ip(row, skb, ip);
	fill_tcp(row, skb, ip);
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
