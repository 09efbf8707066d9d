/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which connections an investigation follows. Every segment that comes runs through here while one does, so what the filters say of a
 * connection is kept beside its socket and asked again only now and then.
 */
#ifndef TCPLENS_WATCH_BPF_H
#define TCPLENS_WATCH_BPF_H

#include "detail.bpf.h"

/* An owner that becomes known, or another RTT, may make a filter match: so its answer holds no longer than this. */
#define WATCH_NS 1000000000ULL

struct watch {
	__u64 until_ns;   /* CLOCK_BOOTTIME */
	__u32 generation;
	__u32 wanted;     /* bit n: the filter in slot n matches */
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct watch);
} watches SEC(".maps");

/* The ends of a connection, as they are in the packets that this host sends, or that it takes. */
struct flow_key {
	row_addr local_addr, peer_addr;
	__u16 local_port, peer_port;
	__u32 place;
};

#define FLOWS_MAX 16384

/* What the filters say of packets, by their ends: a packet that comes in has no socket yet. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, FLOWS_MAX);
	__type(key, struct flow_key);
	__type(value, struct watch);
} flows SEC(".maps");

static __always_inline void flow_key_of(struct flow_key *key, const struct row_head *head, enum place place)
{
	__builtin_memcpy(key->local_addr, head->local_addr, sizeof(key->local_addr));
	__builtin_memcpy(key->peer_addr, head->peer_addr, sizeof(key->peer_addr));
	key->local_port = head->local_port;
	key->peer_port = head->peer_port;
	key->place = place;
}

/* Whether what the filters said still holds. */
static __always_inline bool watch_holds(const struct watch *watch, const struct detail *detail, __u64 now_ns)
{
	return watch->generation == detail->generation && now_ns < watch->until_ns;
}

/* Asks the filters of these slots about a connection's head; outside the scope none wants it. A global function: the verifier checks it once. */
__noinline __u32 detail_ask(__u32 slots, const struct row_head *head, const struct filter_facts *facts)
{
	struct filter_words words;
	__u32 wanted = 0;

	if (!head || !facts)
		return 0;
	filter_words_of(&words, head, facts);
	if (filters_live() & FILTER_SCOPED && !filter_test(FILTER_SCOPE, head->time_ns, &words))
		return 0;
	for (__u32 slot = 0; slot < FILTER_SLOTS; slot++)
		if (slots & (1U << slot) && filter_test(slot, head->time_ns, &words))
			wanted |= 1U << slot;
	return wanted;
}

#endif
