// SPDX-License-Identifier: GPL-2.0-only
/*
 * Gives a memory to each socket that is older than the programs, even if no file refers to it: sweeps find sockets by their
 * memories. It is run once for every network namespace, when the agent first meets the namespace.
 */
#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "kernel_iterators.h"
#include "memory.bpf.h"
#include "ring.bpf.h"
#include "../rows/rows.h"

SEC("iter/tcp")
int preexisting(struct bpf_iter__tcp *ctx)
{
	struct sock_common *common = ctx->sk_common;
	struct tcp_sock *tp;

	/* Requests and TIME_WAIT sockets are not of type tcp_sock. */
	tp = common ? bpf_skc_to_tcp_sock(common) : NULL;
	if (tp && !memory_of(tp, bpf_get_socket_cookie(tp), bpf_ktime_get_boot_ns()))
		count_no_storage(KIND_SAMPLE);
	return 0;
}

char _license[] SEC("license") = "GPL";
