/* SPDX-License-Identifier: GPL-2.0-only */
/* Takes rows from wherever the kernel side has them. One thread at a time (counter.h). */
#ifndef TCPLENS_LOADER_READER_H
#define TCPLENS_LOADER_READER_H

#include "ring.h"

int reader__open(void);
/* A kind's ring, or NULL. */
struct ring *reader__ring(int kind);
/* Moves whole rows; returns bytes, or -EPROTO where a ring holds what is no row of the kind. */
int reader__drain(int kind, unsigned char *rows, int size);
/* Counts the rows of a ring and hands out none. Returns how many. */
int reader__count(int kind);
void reader__close(void);

#endif
