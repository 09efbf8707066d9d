/* SPDX-License-Identifier: GPL-2.0-only */
/* How the kernel keeps socket storage. An element is in two lists, that of its map and that of its socket; its value follows it. */
#ifndef TCPLENS_KERNEL_STORAGE_H
#define TCPLENS_KERNEL_STORAGE_H

#include "kernel.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct hlist_node {
	struct hlist_node *next;
};

struct hlist_head {
	struct hlist_node *first;
};

struct bpf_map {
	__u32 id;
};

struct bpf_local_storage_map {
	struct bpf_map map;
};

struct bpf_local_storage {
	struct hlist_head list;
	struct sock *owner;
};

struct bpf_local_storage_data {
	struct bpf_local_storage_map *smap;
	__u8 data[0];
};

struct bpf_local_storage_elem {
	struct hlist_node map_node;
	struct hlist_node snode;
	struct bpf_local_storage *local_storage;
	struct bpf_local_storage_data sdata;
};

#pragma clang attribute pop

#endif
