/* SPDX-License-Identifier: GPL-2.0-only */
/* Connections whose beginning or end reached no program. */
#ifndef TCPLENS_LOADER_UNSEEN_H
#define TCPLENS_LOADER_UNSEEN_H

#include <linux/types.h>
#include <stdbool.h>

/* Around a sweep: `alive` is how many connections it met. */
void unseen__before_sweep(void);
void unseen__after_sweep(__u64 alive, bool is_in_slices);
/* At least so many rows nobody could write: the first or last of a connection that no program saw begin or end. Never falls. */
__u64 unseen__count(void);
void unseen__close(void);

#endif
