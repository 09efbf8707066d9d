/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPLENS_LOADER_CLOCK_H
#define TCPLENS_LOADER_CLOCK_H

#include <linux/types.h>
#include <time.h>

__u64 clock__ns(clockid_t clock);
/* What has to be added to CLOCK_BOOTTIME to get the wall clock, as of now. */
__u64 clock__offset_ns(void);

#endif
