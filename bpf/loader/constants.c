// SPDX-License-Identifier: GPL-2.0-only
/* What the programs must know before the verifier reads them: this host's id, its processor and tick, and how its kernel differs. */
#define _GNU_SOURCE
#include "constants.h"
#include <bpf/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A tracepoint's arguments in the running kernel, without the leading context pointer; 0: it has no such tracepoint. */
int constants__arguments(const struct btf *btf, const char *tracepoint)
{
	char name[64];
	const struct btf_type *type;
	int id;

	snprintf(name, sizeof(name), "btf_trace_%s", tracepoint);
	id = btf__find_by_name_kind(btf, name, BTF_KIND_TYPEDEF);
	type = id > 0 ? btf__type_by_id(btf, (__u32)id) : NULL;
	type = type ? btf__type_by_id(btf, type->type) : NULL; /* pointer */
	type = type ? btf__type_by_id(btf, type->type) : NULL; /* prototype */
	return type && btf_is_func_proto(type) ? btf_vlen(type) - 1 : 0;
}

/* Sets a `const volatile` of the programs; an object that has none of that name is left alone. */
static void set_constant(struct bpf_object *object, char *values, size_t room, const char *name, const void *value, size_t size)
{
	struct btf *btf = bpf_object__btf(object);
	int section = btf__find_by_name_kind(btf, ".rodata", BTF_KIND_DATASEC);
	const struct btf_type *type = section > 0 ? btf__type_by_id(btf, (__u32)section) : NULL;

	for (int i = 0; type && i < btf_vlen(type); i++) {
		const struct btf_var_secinfo *variable = btf_var_secinfos(type) + i;
		const struct btf_type *of = btf__type_by_id(btf, variable->type);

		if (!strcmp(btf__name_by_offset(btf, of->name_off), name) && variable->size == size && variable->offset + size <= room)
			memcpy(values + variable->offset, value, size);
	}
}

/* The constants that count a tracepoint's arguments (kernel_fixes.h). */
static struct {
	const char *constant;
	const char *tracepoint;
	__u8 arguments;
} counted[] = {
	{ "retransmit_arguments", "tcp_retransmit_skb", 0 },
	{ "send_reset_arguments", "tcp_send_reset", 0 },
	{ "drop_arguments", "kfree_skb", 0 },
};
#define COUNTED (sizeof(counted) / sizeof(counted[0]))

void constants__probe(const struct btf *btf)
{
	for (size_t i = 0; i < COUNTED; i++)
		counted[i].arguments = (__u8)constants__arguments(btf, counted[i].tracepoint);
}

/* Lines "field:NAME\tpresent\treason\n" for what only some kernels tell; returns the bytes used. */
int constants__report(char *to, int size)
{
	static const struct {
		const char *field, *tracepoint, *since;
		int arguments;
	} fields[] = {
		{ "retransmit_err", "tcp_retransmit_skb", "Linux 6.17", 3 },
		{ "reset_reason", "tcp_send_reset", "Linux 6.10", 3 },
		{ "drop_reason", "kfree_skb", "Linux 5.17", 3 },
		{ "drop_receiver", "kfree_skb", "Linux 6.11", 4 },
	};
	int used = 0;

	for (size_t field = 0; field < sizeof(fields) / sizeof(fields[0]) && used < size; field++) {
		int present = 0;

		for (size_t i = 0; i < COUNTED; i++)
			if (!strcmp(counted[i].tracepoint, fields[field].tracepoint))
				present = counted[i].arguments >= fields[field].arguments;
		used += snprintf(to + used, (size_t)(size - used), "field:%s\t%d\t%s%s%s\n", fields[field].field, present,
				 present ? "" : fields[field].tracepoint, present ? "" : " has it since ",
				 present ? "" : fields[field].since);
	}
	return used < size ? used : size;
}

#ifdef __x86_64__
static const bool is_weakly_ordered = false;
#else
static const bool is_weakly_ordered = true;
#endif

void constants__set(struct bpf_object *object, struct bpf_map *rodata, unsigned long long host_id)
{
	size_t room;
	const void *initial = bpf_map__initial_value(rodata, &room);
	char *values = initial ? malloc(room) : NULL;
	struct timespec tick;
	__u32 jiffy_us;

	if (!values)
		return;
	memcpy(values, initial, room);
	clock_getres(CLOCK_MONOTONIC_COARSE, &tick); /* its resolution is the tick */
	jiffy_us = (__u32)(tick.tv_nsec / 1000);
	set_constant(object, values, room, "host_id", &host_id, sizeof(host_id));
	set_constant(object, values, room, "jiffy_us", &jiffy_us, sizeof(jiffy_us));
	set_constant(object, values, room, "is_weakly_ordered", &is_weakly_ordered, sizeof(is_weakly_ordered));
	for (size_t i = 0; i < COUNTED; i++)
		set_constant(object, values, room, counted[i].constant, &counted[i].arguments, sizeof(counted[i].arguments));
	bpf_map__set_initial_value(rodata, values, room);
	free(values);
}
