/* SPDX-License-Identifier: GPL-2.0-only */
/* The contexts that the kernel passes to iterator programs, declared as the types in kernel.h are. */
#ifndef TCPLENS_KERNEL_ITERATORS_H
#define TCPLENS_KERNEL_ITERATORS_H

#include "kernel.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
	__u64 session_id;
	__u64 seq_num;
};

struct bpf_iter__tcp {
	struct bpf_iter_meta *meta;
	struct sock_common *sk_common;
};

/* Kernels that have it (since 5.15) hold a socket's lock while a program looks at it. */
struct bpf_tcp_iter_state {
	int cur_sk;
};

struct bpf_iter__bpf_sk_storage_map {
	struct bpf_iter_meta *meta;
	struct sock *sk;
	void *value;
};

#pragma clang attribute pop

#endif
