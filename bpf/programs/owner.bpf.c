// SPDX-License-Identifier: GPL-2.0-only
/*
 * Walks the files of all processes. It finds an owner for each socket whose owner nothing better tells, brings the owners' names up
 * to date, and writes close rows that have waited for long enough. It also writes out the namespaces that a process has open as files, since a namespace may have no task in it.
 */
#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "ending.bpf.h"
#include "memory.bpf.h"
#include "../rows/netns-holder.h"
#include "owner.bpf.h"
#include "../rows/rows.h"

#define NSFS_MAGIC 0x6e736673

__u32 walk = 1; /* the number of the present walk */

static __always_inline void meet_socket(struct tcp_sock *tp, struct task_struct *task)
{
	bool listens = tp->inet_conn.icsk_inet.sk.__sk_common.skc_state == STATE_LISTEN;
	__u64 id = bpf_get_socket_cookie(tp), now_ns = bpf_ktime_get_boot_ns();
	struct memory *memory = memory_of(tp, id, now_ns);

	if (!memory)
		return;
	owner_met(memory, task, precedence_of(task, id, listens), walk);
	/* A sweep over sockets does not meet one that has ended: only its process still has it. */
	if (memory->edition & EDITION_WAITS && now_ns > memory->state_ns + ENDING_WAITS_NS)
		ending_tell(memory, bpf_sk_storage_get(&endings, tp, 0, 0), 0);
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

/* How many processes have changed their name while they ran. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} renames SEC(".maps");

/*
 * After a process has renamed itself (prctl, /proc/self/comm), the next sweep walks the files of all processes, which brings the
 * new name to its sockets. Threads often have names of their own, and execve() sets a new name too: neither is news about a
 * socket's owner.
 */
SEC("tp_btf/task_rename")
int BPF_PROG(task_rename, struct task_struct *task)
{
	__u32 only = 0;
	__u64 *count;

	if (task->flags & PF_KTHREAD || task != task->group_leader || BPF_CORE_READ_BITFIELD(task, in_execve))
		return 0;
	count = bpf_map_lookup_elem(&renames, &only);
	if (count)
		__sync_fetch_and_add(count, 1);
	return 0;
}

char _license[] SEC("license") = "GPL";
