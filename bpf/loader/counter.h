/* SPDX-License-Identifier: GPL-2.0-only */
/* The thread that counts where nobody reads. Counting is one thread's at a time. */
#ifndef TCPLENS_LOADER_COUNTER_H
#define TCPLENS_LOADER_COUNTER_H

#include <stdbool.h>

void counter__lock(void);
void counter__unlock(void);
/* Whether the thread takes the rows of a kind. */
bool counter__has(int kind);
/* Counts the rows that wait; the caller holds the lock. Returns how many, or -errno. */
int counter__count(void);
void counter__close(void);

#endif
