/* SPDX-License-Identifier: GPL-2.0-only */
/* The range of ports that connect() chose from, for the row of a connect() that found none. */
#ifndef TCPLENS_LOCAL_PORTS_BPF_H
#define TCPLENS_LOCAL_PORTS_BPF_H

#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "../rows/rows.h"
#include "tcp.bpf.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/*
 * ip_local_port_range, which is IPv6's too. Since Linux 6.8 it is one word with the last port in the higher half, before that two
 * numbers.
 */
struct local_ports___word {
	__u32 range;
};
struct netns_ipv4___word {
	struct local_ports___word ip_local_ports;
};
struct net___word {
	struct netns_ipv4___word ipv4;
};
struct local_ports___pair {
	int range[2];
};
struct netns_ipv4___pair {
	struct local_ports___pair ip_local_ports;
};
struct net___pair {
	struct netns_ipv4___pair ipv4;
};

/* The socket option IP_LOCAL_PORT_RANGE; 0: not set. Since Linux 6.8 it is one word, since 6.3 two halves. */
struct inet_sock___word {
	__u32 local_port_range;
};
struct inet_sock___halves {
	struct {
		__u16 lo;
		__u16 hi;
	} local_port_range;
};

#pragma clang attribute pop

struct port_range {
	__u16 first;
	__u16 last;
};

/*
 * Whether connect() found no port. It enters SYN_SENT, looks for a port, and without one leaves again. No SYN was sent then, and
 * the socket has no hash, which a connection gets together with both its ends. It has a port if it was bound to one; that port is
 * then already in use toward the destination. The kernel sets no error on the socket, since connect() returns it.
 */
static __always_inline bool is_without_port(const struct tcp_sock *tp, int old_state)
{
	const struct inet_sock *inet = &tp->inet_conn.icsk_inet;

	return old_state == STATE_SYN_SENT && !tp->segs_out && (!inet->inet_sport || !inet->sk.__sk_common.skc_hash);
}

/* The range of the socket's network namespace. */
static __always_inline struct port_range namespace_ports(const struct net *net)
{
	const struct net___pair *pair = (const void *)net;
	const struct net___word *word = (const void *)net;
	__u32 range;

	if (bpf_core_field_exists(pair->ipv4.ip_local_ports.range))
		return (struct port_range){ BPF_CORE_READ(pair, ipv4.ip_local_ports.range[0]), BPF_CORE_READ(pair, ipv4.ip_local_ports.range[1]) };
	range = BPF_CORE_READ(word, ipv4.ip_local_ports.range);
	return (struct port_range){ range, range >> 16 };
}

/* The socket's own range. fill_ports() uses each of its bounds only if it lies within the range of the namespace. */
static __always_inline struct port_range own_ports(const struct inet_sock *inet)
{
	const struct inet_sock___halves *halves = (const void *)inet;
	const struct inet_sock___word *word = (const void *)inet;
	__u32 range = 0;

	if (bpf_core_field_exists(halves->local_port_range.lo))
		return (struct port_range){ BPF_CORE_READ(halves, local_port_range.lo), BPF_CORE_READ(halves, local_port_range.hi) };
	if (bpf_core_field_exists(word->local_port_range))
		range = BPF_CORE_READ(word, local_port_range);
	return (struct port_range){ range, range >> 16 };
}

static __always_inline void fill_ports(struct connection_row *row, const struct tcp_sock *tp)
{
	const struct inet_sock *inet = &tp->inet_conn.icsk_inet;
	struct port_range all = namespace_ports(inet->sk.__sk_common.skc_net.net), own = own_ports(inet);
	__u16 bound = bpf_ntohs(inet->inet_sport);

	row->port_first = bound ? bound : all.first <= own.first && own.first <= all.last ? own.first : all.first;
	row->port_last = bound ? bound : all.first <= own.last && own.last <= all.last ? own.last : all.last;
}

#endif
