// SPDX-License-Identifier: GPL-2.0-only
/* What the programs must know before the verifier reads them: this host's id, its tick, and how its kernel differs. */
#define _GNU_SOURCE
#include "loader-state.h"
#include <bpf/btf.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* tcp_retransmit_skb's arguments in the running kernel, without the leading context pointer. */
static int retransmit_arguments(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	const struct btf_type *type;
	int id, count = 0;

	if (!btf)
		return 0;
	id = btf__find_by_name_kind(btf, "btf_trace_tcp_retransmit_skb", BTF_KIND_TYPEDEF);
	type = id > 0 ? btf__type_by_id(btf, (__u32)id) : NULL;
	type = type ? btf__type_by_id(btf, type->type) : NULL; /* pointer */
	type = type ? btf__type_by_id(btf, type->type) : NULL; /* prototype */
	if (type && btf_is_func_proto(type))
		count = btf_vlen(type) - 1;
	btf__free(btf);
	return count;
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

void constants__set(struct bpf_object *object, struct bpf_map *rodata, unsigned long long host_id)
{
	static __u8 has_err = 2; /* not yet looked up */
	size_t room;
	const void *initial = bpf_map__initial_value(rodata, &room);
	char *values = initial ? malloc(room) : NULL;
	struct timespec tick;
	__u32 jiffy_us;

	if (!values)
		return;
	memcpy(values, initial, room);
	if (has_err == 2)
		has_err = retransmit_arguments() >= 3;
	clock_getres(CLOCK_MONOTONIC_COARSE, &tick); /* its resolution is the tick */
	jiffy_us = (__u32)(tick.tv_nsec / 1000);
	set_constant(object, values, room, "host_id", &host_id, sizeof(host_id));
	set_constant(object, values, room, "jiffy_us", &jiffy_us, sizeof(jiffy_us));
	set_constant(object, values, room, "retransmit_has_err", &has_err, sizeof(has_err));
	bpf_map__set_initial_value(rodata, values, room);
	free(values);
}
