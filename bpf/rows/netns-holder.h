/* SPDX-License-Identifier: GPL-2.0-only */
/* A network namespace and one way to it, as the walks over tasks and over their files find them. */
#ifndef TCPLENS_NETNS_HOLDER_H
#define TCPLENS_NETNS_HOLDER_H

#ifndef TCPLENS_KERNEL_H /* which defines the same types */
#include <linux/types.h>
#endif

struct netns_holder {
	__u64 cookie;       /* 0: of an open file, which may also be a namespace of another kind */
	__u32 inode;
	__u32 pid;          /* a task that is in it, or a process that has it open */
	__s32 fd;           /* -1: the task is in it */
	__u32 pad;
	__u8 hostname[64];  /* of a task in a UTS namespace of its own; else empty */
};

#endif
