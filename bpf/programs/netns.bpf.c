// SPDX-License-Identifier: GPL-2.0-only
/* Walks all tasks, threads too, and writes out each network namespace that they are in once, with the oldest task in it. */
#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "kernel_tasks.h"
#include "../rows/netns-holder.h"

#define UTS_INIT_INODE 0xeffffffe /* PROC_UTS_INIT_INO */
#define HOSTNAME_BYTES 64

/* The last walk that met a namespace, by its cookie. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, __u64);
	__type(value, __u64);
} namespaces_met SEC(".maps");

__u64 last_met; /* the namespace of the task before, which is mostly this task's too */

SEC("iter/task")
int netns(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct netns_holder holder = { .fd = -1 };
	__u64 walk = ctx->meta->session_id, *met;
	struct uts_namespace *uts;
	struct net *net;

	if (ctx->meta->seq_num == 0)
		last_met = 0;
	net = task ? BPF_CORE_READ(task, nsproxy, net_ns) : NULL;
	if (!net)
		return 0; /* the walk or the task ends */
	holder.cookie = BPF_CORE_READ(net, net_cookie);
	if (holder.cookie == last_met)
		return 0;
	met = bpf_map_lookup_elem(&namespaces_met, &holder.cookie);
	if (met && *met == walk)
		return 0;
	holder.inode = BPF_CORE_READ(net, ns.inum);
	holder.pid = task->pid;
	uts = BPF_CORE_READ(task, nsproxy, uts_ns);
	if (uts && BPF_CORE_READ(uts, ns.inum) != UTS_INIT_INODE)
		BPF_CORE_READ_STR_INTO(&holder.hostname, uts, name.nodename);
	if (bpf_seq_write(ctx->meta->seq, &holder, sizeof(holder)))
		return 0; /* the reader's page is full: the kernel runs this program again for the task */
	last_met = holder.cookie;
	bpf_map_update_elem(&namespaces_met, &holder.cookie, &walk, BPF_ANY);
	return 0;
}

char _license[] SEC("license") = "GPL";
