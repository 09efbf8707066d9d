// SPDX-License-Identifier: GPL-2.0-only
/* Walks the file tables of all tasks once, for the owners of sockets that were there before the programs. */
#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "memory.bpf.h"
#include "rows.h"

SEC("iter/task_file")
int owner(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct memory *memory;
	struct socket *socket;
	struct tcp_sock *tp;

	if (!task || !file)
		return 0;
	socket = bpf_sock_from_file(file);
	if (!socket || !socket->sk)
		return 0;
	tp = bpf_skc_to_tcp_sock(socket->sk);
	if (!tp)
		return 0;
	memory = memory_of(tp, bpf_get_socket_cookie(tp), bpf_ktime_get_boot_ns());
	/* Several processes may hold it: the first found, usually the one that made it, stays. */
	if (memory && !memory->owner)
		memory_owner(memory, task, OWNER_FILE_TABLE);
	return 0;
}

char _license[] SEC("license") = "GPL";
