/* SPDX-License-Identifier: GPL-2.0-only */
/* The few kernel types of tasks, their files and namespaces, declared as those in kernel.h are. */
#ifndef TCPLENS_KERNEL_TASKS_H
#define TCPLENS_KERNEL_TASKS_H

#include "kernel.h"
#include "kernel_iterators.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct qstr {
	const unsigned char *name;
};

struct dentry {
	struct qstr d_name;
};

struct path {
	struct dentry *dentry;
};

struct super_block {
	unsigned long s_magic;
};

struct inode {
	struct super_block *i_sb;
	unsigned long i_ino;
};

struct file {
	struct path f_path;
	struct inode *f_inode;
};

struct mm_struct {
	struct file *exe_file;
};

struct new_utsname {
	char nodename[65];
};

struct uts_namespace {
	struct new_utsname name;
	struct ns_common ns;
};

struct nsproxy {
	struct uts_namespace *uts_ns;
	struct net *net_ns;
};

struct task_struct {
	unsigned int flags;
	int pid;
	struct nsproxy *nsproxy;
	int tgid;
	__u64 start_boottime;
	struct task_struct *group_leader;
	struct mm_struct *mm;
	unsigned in_execve : 1;
	char comm[16];
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd;
	struct file *file;
};

#pragma clang attribute pop

#endif
