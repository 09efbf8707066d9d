/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPLENS_LOADER_CLOCK_H
#define TCPLENS_LOADER_CLOCK_H

#include <linux/types.h>
#include <time.h>

__u64 clock__ns(clockid_t clock);
/* Added to CLOCK_BOOTTIME it gives the wall clock, as of now. */
__u64 clock__offset_ns(void);

#endif
