/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads the IP and TCP headers of an skb, for rows about packets without a socket. */
#ifndef TCPLENS_PACKET_BPF_H
#define TCPLENS_PACKET_BPF_H

#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "flow.bpf.h"
#include "kernel_packets.h"
#include "../rows/rows.h"

struct packet {
	row_addr from, to;
	__u32 seq;
	__u32 ack;
	__u32 length; /* bytes of payload */
	__u16 from_port, to_port;
	__u8 tcp_flags;
};

struct ipv4_header {
	__u8 version_ihl;
	__u8 tos;
	__be16 total_length;
	__be16 id;
	__be16 fragment;
	__u8 ttl;
	__u8 protocol;
	__sum16 check;
	__be32 from;
	__be32 to;
};

struct ipv6_header {
	__u8 version_class[4];
	__be16 payload_length;
	__u8 next_header;
	__u8 hop_limit;
	struct in6_addr from;
	struct in6_addr to;
};

struct tcp_header {
	__be16 from_port;
	__be16 to_port;
	__be32 seq;
	__be32 ack;
	__u8 data_offset;
	__u8 flags;
	__be16 window;
};

#define TCP_HEADER_BYTES 20 /* without options */

static __always_inline bool packet_tcp(struct packet *packet, const void *at, __u32 ip_payload)
{
	struct tcp_header tcp;

	if (bpf_probe_read_kernel(&tcp, sizeof(tcp), at))
		return false;
	packet->from_port = bpf_ntohs(tcp.from_port);
	packet->to_port = bpf_ntohs(tcp.to_port);
	packet->seq = bpf_ntohl(tcp.seq);
	packet->ack = bpf_ntohl(tcp.ack);
	packet->tcp_flags = tcp.flags;
	packet->length = ip_payload - (tcp.data_offset >> 4) * 4;
	return true;
}

static __always_inline bool packet_ipv4(struct packet *packet, const void *at)
{
	struct ipv4_header ip;
	__u32 length;

	if (bpf_probe_read_kernel(&ip, sizeof(ip), at) || ip.protocol != IPPROTO_TCP)
		return false;
	length = (ip.version_ihl & 15) * 4;
	addr_v4(packet->from, ip.from);
	addr_v4(packet->to, ip.to);
	return packet_tcp(packet, at + length, bpf_ntohs(ip.total_length) - length);
}

/* Does not look for TCP behind extension headers. */
static __always_inline bool packet_ipv6(struct packet *packet, const void *at)
{
	struct ipv6_header ip;

	if (bpf_probe_read_kernel(&ip, sizeof(ip), at) || ip.next_header != IPPROTO_TCP)
		return false;
	addr_v6(packet->from, &ip.from);
	addr_v6(packet->to, &ip.to);
	return packet_tcp(packet, at + sizeof(ip), bpf_ntohs(ip.payload_length));
}

/* Reads the headers that begin at `at`. */
static __always_inline bool packet_read_at(struct packet *packet, const struct sk_buff *skb, const void *at)
{
	__u16 protocol = bpf_ntohs(BPF_CORE_READ(skb, protocol));

	if (protocol == ETH_P_IP)
		return packet_ipv4(packet, at);
	if (protocol == ETH_P_IPV6)
		return packet_ipv6(packet, at);
	return false;
}

/*
 * Reads the headers of an skb into a zeroed `packet`. False: it is not TCP, or it has no IP header (yet). Not inlined, so that the
 * caller's stack frame stays small: older kernels add up the stacks of all frames, and with those of the filter functions 320 bytes
 * are left for a program.
 */
static __noinline bool packet_read(struct packet *packet, const struct sk_buff *skb)
{
	__u16 offset = BPF_CORE_READ(skb, network_header);

	return offset != (__u16)~0 && packet_read_at(packet, skb, BPF_CORE_READ(skb, head) + offset);
}

/*
 * Sets this host's end and the peer's; `direction` is the packet's. A packet of unknown direction passes through this host: then
 * its sender counts as this end.
 */
static __always_inline void head_ends_of(struct row_head *head, const struct packet *packet, enum direction direction)
{
	bool received = direction == DIRECTION_RECEIVED;

	__builtin_memcpy(head->local_addr, received ? packet->to : packet->from, sizeof(head->local_addr));
	__builtin_memcpy(head->peer_addr, received ? packet->from : packet->to, sizeof(head->peer_addr));
	head->local_port = received ? packet->to_port : packet->from_port;
	head->peer_port = received ? packet->from_port : packet->to_port;
}

/* Tells which end is the client's. Only a handshake shows it: the client sends the SYN. */
static __always_inline enum role role_of(const struct packet *packet, enum direction direction)
{
	bool from_server = packet->tcp_flags & TCPHDR_ACK;

	if (!(packet->tcp_flags & TCPHDR_SYN))
		return ROLE_UNKNOWN;
	return from_server == (direction == DIRECTION_RECEIVED) ? ROLE_CLIENT : ROLE_SERVER;
}

/*
 * The namespace that a packet is in. TCP clears the device of a packet that it receives; the packet's route still leads to a device
 * of the namespace.
 */
static __always_inline __u64 netns_of(const struct sk_buff *skb)
{
	const struct net_device *device = BPF_CORE_READ(skb, dev);
	const struct dst_entry *route = (void *)(BPF_CORE_READ(skb, _skb_refdst) & ~1UL);

	if (!device && route && bpf_core_field_exists(route->dev))
		device = BPF_CORE_READ(route, dev);
	return BPF_CORE_READ(device, nd_net.net, net_cookie);
}

/* The head of a row about a packet without a socket. */
static __always_inline void head_packet(struct row_head *head, const struct packet *packet, const struct sk_buff *skb,
					enum direction direction)
{
	head->host_id = host_id;
	head->netns = netns_of(skb);
	head->uid = UID_UNKNOWN;
	head->role = role_of(packet, direction);
	head_ends_of(head, packet, direction);
}

/* A TIME_WAIT socket has the connection's identity and little else, so the ends are taken from the packet. */
static __always_inline void head_time_wait(struct row_head *head, const struct sock *sk)
{
	head->connection_id = sk->__sk_common.skc_cookie.counter;
	head->netns = sk->__sk_common.skc_net.net->net_cookie;
	head->state = STATE_TIME_WAIT;
}

#endif
