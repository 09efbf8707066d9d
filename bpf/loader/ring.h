/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPLENS_LOADER_RING_H
#define TCPLENS_LOADER_RING_H

#include <stdbool.h>

struct ring;

/* NULL, with errno set, if it fails. */
struct ring *ring__open(int map_fd);
/* A descriptor that is readable when the ring holds a row. */
int ring__fd(const struct ring *ring);

/*
 * A walk over the rows that are there when it begins, up to the first that is still being written. The rows stay where they are
 * until ring__end(), which gives the room of those passed back to the kernel.
 */
struct ring_walk {
	unsigned long at, end;
	bool is_broken; /* the next record was no row of that size */
};

struct ring_walk ring__begin(const struct ring *ring);
/* NULL after the last row. */
const unsigned char *ring__next(struct ring *ring, struct ring_walk *walk, int row_size);
void ring__end(struct ring *ring, const struct ring_walk *walk);
void ring__close(struct ring *ring);

#endif
