/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who holds a socket. TCP's events run on whatever task was interrupted, so none of them tells; these do:
 *
 *   connect     connect() and listen() run on their caller. A fact.
 *   listener    an accepted socket starts with its listener's owner. A guess: every other rung replaces it.
 *   file_table  a process has it among its files: a walk met it there, or it closed it. A fact as of then.
 *   io          a process read from it or wrote to it, so it holds it, whoever made it. The last one has it.
 *
 * A process may have passed its socket on and gone. So a fact ends when a whole walk over the file tables has not met
 * the socket there any more and the next one meets it elsewhere.
 *
 * Of several processes that hold a connection and were not seen to use it, the one that started first has it: children
 * inherit many files and use few. Of a listener it is the oldest process of the program that serves its connections;
 * until that is known whoever called listen(), else the oldest, and init, which opens listeners for others, last.
 */
#ifndef TCPLENS_OWNER_BPF_H
#define TCPLENS_OWNER_BPF_H

#include "kernel.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "kernel_tasks.h"
#include "memory.bpf.h"
#include "../rows/rows.h"

#define PF_WQ_WORKER 0x00000020
#define PF_KTHREAD 0x00200000

/* A precedence is the time that a process was started at with these above it: the smallest goes first. */
#define NOT_SERVING (1ULL << 63) /* all but those of the program that serves a listener */
#define IS_INIT (1ULL << 62)

/* By a listener's cookie: the program, as its executable's dentry, that was last seen to use one of its connections. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, __u64);
} servers SEC(".maps");

static __always_inline __u64 program_of(struct task_struct *task)
{
	return (__u64)BPF_CORE_READ(task, mm, exe_file, f_path.dentry);
}

/*
 * The process's name: that of its main thread, not of the thread that happened to call. Node names its main thread
 * "MainThread" since version 24, which says nothing: then it is the name of the executable.
 */
static __always_inline void comm_of(row_text comm, struct task_struct *task)
{
	const char main_thread[] = "MainThread";

	bpf_probe_read_kernel(comm, sizeof(row_text), task->group_leader->comm);
#pragma unroll
	for (unsigned int i = 0; i < sizeof(main_thread); i++)
		if (comm[i] != main_thread[i])
			return;
	__builtin_memset(comm, 0, sizeof(row_text));
	bpf_probe_read_kernel_str(comm, sizeof(row_text), BPF_CORE_READ(task, mm, exe_file, f_path.dentry, d_name.name));
}

/* The process that a task stands for; none for a worker of the kernel's pools, which runs on others' behalf. */
static __always_inline __u32 pid_of(const struct task_struct *task)
{
	return task->flags & PF_WQ_WORKER ? 0 : task->tgid;
}

static __always_inline bool owner_is_guess(const struct memory *memory)
{
	return memory->owner == OWNER_UNKNOWN || memory->owner == OWNER_LISTENER;
}

/* A fact: `task` is the one that calls, or the one whose files have the socket. */
static __always_inline void memory_owner(struct memory *memory, struct task_struct *task, enum owner owner)
{
	memory->owner = owner;
	memory->precedence = owner == OWNER_IO ? 0 : NOT_SERVING;
	memory->walk = 0;
	memory->pid = pid_of(task);
	comm_of(memory->comm, task);
	if (memory->pid == 0) {
		__builtin_memset(memory->comm, 0, sizeof(memory->comm));
		__builtin_memcpy(memory->comm, "kworker", sizeof("kworker"));
	}
}

/*
 * FIN_WAIT1 and LAST_ACK begin in shutdown(), in the last holder's close(), or where that ends: on a process that has
 * the socket. One that has only inherited it may be the last, so whoever used it stays.
 */
static __always_inline void owner_closes(struct memory *memory)
{
	struct task_struct *task = bpf_get_current_task_btf();
	bool is_known = memory->owner == OWNER_IO || (!owner_is_guess(memory) && memory->pid == (__u32)task->tgid);

	if (!is_known && !(task->flags & PF_KTHREAD))
		memory_owner(memory, task, OWNER_FILE_TABLE);
}

/*
 * A process that was not the last to use the socket reads or writes. A kernel thread owns only sockets that the kernel made,
 * and only it owns them: it also works on sockets that a process handed in (nbd), and whoever writes a file of a network file
 * system writes to that file system's socket.
 */
static __always_inline void owner_changes(struct memory *memory, struct sock *sk, struct task_struct *task)
{
	__u64 listener_id = memory->listener_id, program, *known;

	if (BPF_CORE_READ_BITFIELD(sk, sk_kern_sock) != !!(task->flags & PF_KTHREAD))
		return;
	if (memory->pid == pid_of(task) && memory->owner == OWNER_IO)
		return;
	/* Where the listener's owner is the one that serves, nothing new is learned. */
	if (listener_id && (memory->owner == OWNER_FILE_TABLE || memory->pid != (__u32)task->tgid)) {
		program = program_of(task);
		known = bpf_map_lookup_elem(&servers, &listener_id);
		if (!known || *known != program)
			bpf_map_update_elem(&servers, &listener_id, &program, BPF_ANY);
	}
	memory_owner(memory, task, OWNER_IO);
}

/* The running task reads or writes: mostly the process that did so before. */
static __always_inline void owner_uses(struct memory *memory, struct sock *sk)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (memory->owner != OWNER_IO || memory->pid != (__u32)task->tgid)
		owner_changes(memory, sk, task);
	else if (memory->walk)
		memory->walk = 0;
}

static __always_inline __u64 precedence_of(struct task_struct *task, __u64 id, bool listens)
{
	__u64 precedence = BPF_CORE_READ(task, group_leader, start_boottime) & (IS_INIT - 1);
	__u64 *program = listens ? bpf_map_lookup_elem(&servers, &id) : NULL;

	if (program && *program == program_of(task))
		return precedence;
	return precedence | NOT_SERVING | (task->tgid == 1 ? IS_INIT : 0);
}

/* Walk number `walk`, from 2 on, meets the socket among the files of `task`. */
static __always_inline void owner_met(struct memory *memory, struct task_struct *task, __u64 precedence, __u32 walk)
{
	bool is_guess = owner_is_guess(memory);
	bool gone = memory->walk && memory->walk + 1 < walk;

	if (!is_guess && memory->pid == (__u32)task->tgid) {
		memory->walk = walk;
		if (memory->owner == OWNER_FILE_TABLE || precedence < memory->precedence)
			memory->precedence = precedence;
		comm_of(memory->comm, task); /* it may run another program by now */
	} else if (is_guess || gone || precedence < memory->precedence) {
		memory_owner(memory, task, OWNER_FILE_TABLE);
		memory->precedence = precedence;
		memory->walk = walk;
	} else if (!memory->walk) {
		memory->walk = walk - 1;
	}
}

#endif
