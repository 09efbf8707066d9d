// SPDX-License-Identifier: GPL-2.0-only
/* Sets what the programs must know when the verifier reads them. */
#define _GNU_SOURCE
#include "constants.h"
#include <bpf/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Relies on a little-endian machine: the first bytes of a number are its lowest. */
static void set_constant(struct bpf_object *object, char *values, size_t room, const char *name, __u64 value)
{
	struct btf *btf = bpf_object__btf(object);
	int section = btf__find_by_name_kind(btf, ".rodata", BTF_KIND_DATASEC);
	const struct btf_type *type = section > 0 ? btf__type_by_id(btf, (__u32)section) : NULL;

	for (int i = 0; type && i < btf_vlen(type); i++) {
		const struct btf_var_secinfo *variable = btf_var_secinfos(type) + i;
		const struct btf_type *of = btf__type_by_id(btf, variable->type);

		if (!strcmp(btf__name_by_offset(btf, of->name_off), name) && variable->size <= sizeof(value) &&
		    variable->offset + variable->size <= room)
			memcpy(values + variable->offset, &value, variable->size);
	}
}

#ifdef __x86_64__
#define IS_WEAKLY_ORDERED 0
#else
#define IS_WEAKLY_ORDERED 1
#endif

void constants__set(struct bpf_object *object, struct bpf_map *rodata, const char *given)
{
	unsigned long long value;
	struct timespec tick;
	size_t room;
	const void *initial = bpf_map__initial_value(rodata, &room);
	char *values = initial ? malloc(room) : NULL, name[64];

	if (!values)
		return;
	memcpy(values, initial, room);
	clock_getres(CLOCK_MONOTONIC_COARSE, &tick); /* the resolution of this clock is a tick */
	set_constant(object, values, room, "jiffy_us", (__u64)(tick.tv_nsec / 1000));
	set_constant(object, values, room, "is_weakly_ordered", IS_WEAKLY_ORDERED);
	for (const char *at = given; at && sscanf(at, "%63[^=]=%llx", name, &value) == 2; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
		set_constant(object, values, room, name, value);
	bpf_map__set_initial_value(rodata, values, room);
	free(values);
}
