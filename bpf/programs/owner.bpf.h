/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who holds a socket. TCP's events run on whatever task was interrupted, so they do not tell. These do:
 *
 *   connect     connect() and listen() run on their caller. A fact.
 *   listener    An accepted socket starts with its listener's owner. That is a guess, which each of the others replaces.
 *   file_table  A process has the socket among its files: a walk found it there, or the process closed it. A fact as of then.
 *   io          A process read from the socket or wrote to it, so it holds it, whoever made it. The last one to do so is the owner.
 *
 * A process may pass its socket on and end. So a fact no longer holds when a whole walk over the file tables has not found the
 * socket with that process and the next walk finds it with another one.
 *
 * Several processes may hold a connection without having been seen to use it. Then the owner is the one that started first:
 * children inherit many files and use few. The owner of a listener is the oldest process of the program that serves its
 * connections. Until that program is known, it is whoever called listen(), else the oldest process, with init last, since it opens
 * listeners for others.
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

/* A process's precedence is its start time with these bits above it. The smallest precedence wins. */
#define NOT_SERVING (1ULL << 63) /* set for all processes but those of the program that serves a listener */
#define IS_INIT (1ULL << 62)

/* By a listener's cookie: the program that was last seen to use one of its connections, as the address of its executable's dentry. */
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
 * The process's name is that of its main thread, not of the thread that happened to call. Node names its main thread "MainThread"
 * since version 24, which says nothing: then the name of the executable is taken.
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

/* The process of a task; 0 for a worker of the kernel's pools, which runs on behalf of others. */
static __always_inline __u32 pid_of(const struct task_struct *task)
{
	return task->flags & PF_WQ_WORKER ? 0 : task->tgid;
}

static __always_inline bool owner_is_guess(const struct memory *memory)
{
	return memory->owner == OWNER_UNKNOWN || memory->owner == OWNER_LISTENER;
}

/* Sets the owner from a fact: `task` is the one that calls, or the one whose files have the socket. */
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
 * The running process closes the socket: FIN_WAIT1 and LAST_ACK begin in shutdown(), in the last holder's close() or at its end.
 * The last holder may only have inherited the socket, so an owner that was seen to use it stays.
 */
static __always_inline void owner_closes(struct memory *memory)
{
	struct task_struct *task = bpf_get_current_task_btf();
	bool is_known = memory->owner == OWNER_IO || (!owner_is_guess(memory) && memory->pid == (__u32)task->tgid);

	if (!is_known && !(task->flags & PF_KTHREAD))
		memory_owner(memory, task, OWNER_FILE_TABLE);
}

/*
 * A process other than the last user reads or writes. A kernel thread can own only a socket that the kernel made, and only a kernel
 * thread can own that. For kernel threads also work on sockets that a process handed in (nbd), and a process that writes a file of
 * a network file system writes to that file system's socket.
 */
static __always_inline void owner_changes(struct memory *memory, struct sock *sk, struct task_struct *task)
{
	__u64 listener_id = memory->listener_id, program, *known;

	if (BPF_CORE_READ_BITFIELD(sk, sk_kern_sock) != !!(task->flags & PF_KTHREAD))
		return;
	if (memory->pid == pid_of(task) && memory->owner == OWNER_IO)
		return;
	/* Remembers which program serves the listener, unless the listener's owner itself does. */
	if (listener_id && (memory->owner == OWNER_FILE_TABLE || memory->pid != (__u32)task->tgid)) {
		program = program_of(task);
		known = bpf_map_lookup_elem(&servers, &listener_id);
		if (!known || *known != program)
			bpf_map_update_elem(&servers, &listener_id, &program, BPF_ANY);
	}
	memory_owner(memory, task, OWNER_IO);
}

/* The running task reads or writes. Mostly it is the process that did so before, and nothing changes. */
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

/* Walk number `walk` (the first one is 2) has found the socket among the files of `task`. */
static __always_inline void owner_met(struct memory *memory, struct task_struct *task, __u64 precedence, __u32 walk)
{
	bool is_guess = owner_is_guess(memory);
	bool gone = memory->walk && memory->walk + 1 < walk;

	if (!is_guess && memory->pid == (__u32)task->tgid) {
		memory->walk = walk;
		if (memory->owner == OWNER_FILE_TABLE || precedence < memory->precedence)
			memory->precedence = precedence;
		comm_of(memory->comm, task); /* it may run another program by now, or have another name */
	} else if (is_guess || gone || precedence < memory->precedence) {
		memory_owner(memory, task, OWNER_FILE_TABLE);
		memory->precedence = precedence;
		memory->walk = walk;
	} else if (!memory->walk) {
		memory->walk = walk - 1;
	}
}

#endif
