/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel types behind a packet: its buffer, device and route, what it was for, and why it was freed. */
#ifndef TCPLENS_KERNEL_PACKETS_H
#define TCPLENS_KERNEL_PACKETS_H

#include "kernel.h"

#define ETH_P_IP 0x0800
#define ETH_P_IPV6 0x86dd
#define SOCK_STREAM 1
#define RTN_UNICAST 1
#define RTF_LOCAL 0x80000000U

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct net_device {
	int ifindex;
	possible_net_t nd_net;
};

struct dst_entry {
	struct net_device *dev;
};

struct rtable {
	__u16 rt_type;
};

struct rt6_info {
	__u32 rt6i_flags;
};

struct sk_buff {
	struct net_device *dev;
	struct sock *sk;
	unsigned long _skb_refdst;
	char cb[48];
	int skb_iif;
	__be16 protocol;
	__u16 transport_header;
	__u16 network_header;
	__u32 end;
	unsigned char *head;
	unsigned char *data;
};

/* Lies behind a buffer's bytes. */
struct skb_shared_info {
	__u16 gso_size;
	__u16 gso_segs;
};

struct inet_timewait_sock {
	struct sock_common __tw_common;
	volatile unsigned char tw_substate;
};

#pragma clang attribute pop

/*
 * Why a packet was freed. The numbers here mean nothing: they differ from kernel to kernel, and bpf_core_enum_value() gives the
 * right ones.
 */
enum skb_drop_reason {
	SKB_DROP_REASON_NOT_SPECIFIED = 2,
	SKB_DROP_REASON_NO_SOCKET,
	SKB_DROP_REASON_OTHERHOST,
	SKB_DROP_REASON_TCP_FLAGS,
	SKB_DROP_REASON_TCP_ABORT_ON_DATA,
	SKB_DROP_REASON_TCP_ZEROWINDOW,
	SKB_DROP_REASON_TCP_OLD_DATA,
	SKB_DROP_REASON_TCP_OVERWINDOW,
	SKB_DROP_REASON_TCP_OFOMERGE,
	SKB_DROP_REASON_TCP_RFC7323_PAWS,
	SKB_DROP_REASON_TCP_RFC7323_PAWS_ACK,
	SKB_DROP_REASON_TCP_RFC7323_TW_PAWS,
	SKB_DROP_REASON_TCP_LISTEN_OVERFLOW,
	SKB_DROP_REASON_TCP_OLD_SEQUENCE,
	SKB_DROP_REASON_TCP_INVALID_SEQUENCE,
	SKB_DROP_REASON_TCP_INVALID_END_SEQUENCE,
	SKB_DROP_REASON_TCP_INVALID_ACK_SEQUENCE,
	SKB_DROP_REASON_TCP_RESET,
	SKB_DROP_REASON_TCP_INVALID_SYN,
	SKB_DROP_REASON_TCP_CLOSE,
	SKB_DROP_REASON_TCP_FASTOPEN,
	SKB_DROP_REASON_TCP_OLD_ACK,
	SKB_DROP_REASON_TCP_TOO_OLD_ACK,
	SKB_DROP_REASON_TCP_ACK_UNSENT_DATA,
	SKB_DROP_REASON_TCP_OFO_DROP,
	SKB_DROP_REASON_CPU_BACKLOG,
	SKB_DROP_REASON_QUEUE_PURGE,
	SKB_DROP_REASON_PACKET_SOCK_ERROR,
};

#endif
