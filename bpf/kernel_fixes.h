/* SPDX-License-Identifier: GPL-2.0-only */
/* Where kernels differ in what a program may read: one entry a change. */
#ifndef TCPLENS_KERNEL_FIXES_H
#define TCPLENS_KERNEL_FIXES_H

#include "kernel.h"

/*
 * tcp_retransmit_skb got a third argument `err`, and fires for failed attempts too, in Linux 6.17 (some
 * distributions carry the change in older kernels). The loader counts the arguments in the kernel's BTF and
 * sets this before the load; where it is 0 the verifier never looks at the read past the last argument.
 */
const volatile __u8 retransmit_has_err = 0;

static __always_inline int retransmit_err(const unsigned long long *ctx)
{
	return retransmit_has_err ? (int)ctx[2] : 0;
}

#endif
