/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rows that are written only of connections that an investigation follows. Every segment that comes runs through here while one
 * does, so what the filters say of a connection is kept beside its socket and asked again only now and then.
 */
#ifndef TCPLENS_DETAIL_BPF_H
#define TCPLENS_DETAIL_BPF_H

#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include "filter.bpf.h"
#include "ring.bpf.h"
#include "../rows/detail.h"
#include "../rows/rows.h"

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

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, KIND_COUNT);
	__type(key, __u32);
	__type(value, struct detail);
} details SEC(".maps");

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

static __always_inline struct detail *detail_of(__u32 kind)
{
	return bpf_map_lookup_elem(&details, &kind);
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

/* Has each of these filters pay for a row. Returns the bits of those that can. A row that none can pay for is counted
 * as withheld, if one wants it that is asked about all rows: what is wanted only in detail is wanted by nobody who counts. */
__noinline __u32 detail_pay(__u32 kind, __u32 wanted, __u64 now_ns)
{
	struct kind_counters *count;
	__u32 live = filters_live();
	bool is_spent = false;
	__u32 paid = 0;

	for (__u32 slot = 0; slot < FILTER_SLOTS; slot++) {
		__u32 answer;

		if (!(wanted & (1U << slot)))
			continue;
		answer = filter_charge(slot, now_ns);
		paid |= (answer & 1) << slot;
		is_spent |= answer == FILTER_SPENT && live & (1U << slot);
	}
	count = counters_of(kind);
	if (!paid && is_spent && count)
		count_one(&count->withheld);
	return paid;
}

#endif
