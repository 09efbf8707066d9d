/* SPDX-License-Identifier: GPL-2.0-only */
/* Shares a namespace's ListenOverflows out to its listeners: begun with every round, told what each namespace has counted. */
#ifndef TCPLENS_LOADER_OVERFLOWS_H
#define TCPLENS_LOADER_OVERFLOWS_H

#include "../rows/rows.h"

void overflows__begin(void);
void overflows__counted(__u64 netns, __u64 gain);
/* Completes `overflows`, in which the program has put those that it saw. */
void overflows__row(struct listener_row *row);
void overflows__close(void);

#endif
