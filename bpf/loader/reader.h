/* SPDX-License-Identifier: GPL-2.0-only */
/* Takes rows out of the rings and the sweeps. One thread at a time may do so (counter.h). */
#ifndef TCPLENS_LOADER_READER_H
#define TCPLENS_LOADER_READER_H

#include "ring.h"

int reader__open(void);
/* A kind's ring, or NULL. */
struct ring *reader__ring(int kind);
/* Moves whole rows. Returns bytes, or -EPROTO if a ring held something that is no row of the kind. */
int reader__drain(int kind, unsigned char *rows, int size);
/* Counts the rows of a ring without handing them out. Returns how many. */
int reader__count(int kind);
void reader__close(void);

#endif
