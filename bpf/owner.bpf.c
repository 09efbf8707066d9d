// SPDX-License-Identifier: GPL-2.0-only
/*
 * Walks the files of all processes: who holds the sockets that no better rung of the ladder knows an owner of. The
 * namespaces that a process keeps by an open file only are met on the way and written out.
 */
#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "memory.bpf.h"
#include "netns-holder.h"
#include "owner.bpf.h"
#include "rows.h"

#define NSFS_MAGIC 0x6e736673

__u32 walk = 1; /* the number of the present one */

static __always_inline void meet_socket(struct tcp_sock *tp, struct task_struct *task)
{
	bool listens = tp->inet_conn.icsk_inet.sk.__sk_common.skc_state == STATE_LISTEN;
	__u64 id = bpf_get_socket_cookie(tp);
	struct memory *memory = memory_of(tp, id, bpf_ktime_get_boot_ns());

	if (memory)
		owner_met(memory, task, precedence_of(task, id, listens), walk);
}

SEC("iter/task_file")
int owner(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct netns_holder holder = {};
	struct file *file = ctx->file;
	struct socket *socket;
	struct tcp_sock *tp;

	if (ctx->meta->seq_num == 0)
		walk++;
	if (!task || !file)
		return 0;
	socket = bpf_sock_from_file(file);
	tp = socket && socket->sk ? bpf_skc_to_tcp_sock(socket->sk) : NULL;
	if (tp) {
		meet_socket(tp, task);
	} else if (!socket && file->f_inode->i_sb->s_magic == NSFS_MAGIC) {
		holder.inode = file->f_inode->i_ino;
		holder.pid = task->tgid;
		holder.fd = ctx->fd;
		bpf_seq_write(ctx->meta->seq, &holder, sizeof(holder));
	}
	return 0;
}

char _license[] SEC("license") = "GPL";
