/* SPDX-License-Identifier: GPL-2.0-only */
/* The maps that the objects share, by name. */
#ifndef TCPLENS_LOADER_MAPS_H
#define TCPLENS_LOADER_MAPS_H

#include <bpf/libbpf.h>

struct map_options {
	const char *constants; /* see constants.h */
	int ring_bytes;        /* of the largest ring */
};

/* Prepares the maps of an object that is open, and keeps them when it is loaded. */
void maps__configure(struct bpf_object *object, const struct map_options *options);
void maps__remember(struct bpf_object *object);
void maps__forget(void);
/* The descriptor of a map, or -1. */
int shared_map(const char *name);
/* The descriptor of a kind's ring, or -1. */
int maps__ring(int kind);

#endif
