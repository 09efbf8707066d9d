/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where kernels differ in what a program may read, one entry for each change. The loader counts a tracepoint's arguments in the
 * kernel's BTF and sets these constants before it loads the programs. So the verifier sees that a read past the last argument never
 * happens, and skips it.
 */
#ifndef TCPLENS_KERNEL_FIXES_H
#define TCPLENS_KERNEL_FIXES_H

#include "kernel.h"

const volatile __u8 retransmit_arguments = 2;
const volatile __u8 send_reset_arguments = 2;
const volatile __u8 drop_arguments = 2;

/*
 * tcp_retransmit_skb got a third argument `err`, and fires for failed attempts too, in Linux 6.17 (some distributions
 * carry the change in older kernels).
 */
static __always_inline int retransmit_err(const unsigned long long *ctx)
{
	return retransmit_arguments >= 3 ? (int)ctx[2] : 0;
}

/* tcp_send_reset says why since Linux 6.10. */
static __always_inline __u32 send_reset_reason(const unsigned long long *ctx)
{
	return send_reset_arguments >= 3 ? (__u32)ctx[2] : 0;
}

/* kfree_skb says why since Linux 5.17, and who was to receive it since 6.11. */
static __always_inline __u32 drop_reason(const unsigned long long *ctx)
{
	return drop_arguments >= 3 ? (__u32)ctx[2] : 0;
}

static __always_inline struct sock *drop_receiver(const unsigned long long *ctx)
{
	return drop_arguments >= 4 ? (struct sock *)ctx[3] : NULL;
}

#endif
