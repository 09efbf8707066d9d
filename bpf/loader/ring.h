/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPLENS_LOADER_RING_H
#define TCPLENS_LOADER_RING_H

#include <stdbool.h>

struct ring;

/* NULL with errno. */
struct ring *ring__open(int map_fd);
/* Readable when it holds a row. */
int ring__fd(const struct ring *ring);

/*
 * A walk over the rows that are there as it begins, until one that is still being written. What it has passed is free for
 * the kernel at its end; until then the rows are where they are.
 */
struct ring_walk {
	unsigned long at, end;
	bool is_broken; /* what came next was no row of the size */
};

struct ring_walk ring__begin(const struct ring *ring);
/* NULL after the last row. */
const unsigned char *ring__next(struct ring *ring, struct ring_walk *walk, int row_size);
void ring__end(struct ring *ring, const struct ring_walk *walk);
void ring__close(struct ring *ring);

#endif
