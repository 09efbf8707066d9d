/* SPDX-License-Identifier: GPL-2.0-only */
/* Rows of kind `sample`, from the sweeps that are open. */
#ifndef TCPLENS_LOADER_SWEEP_H
#define TCPLENS_LOADER_SWEEP_H

#include <stdbool.h>

void sweep__begin(void);
/* Opens an iterator over the sockets of the namespace that the caller is in, where the sweep needs one. */
void sweep__enter(void);
/* False if there is no memory for the rows of a slice. */
bool sweep__is_possible(void);
/* Takes over an iterator over the sockets of one namespace, to be read before the sweep. */
void sweep__meet(int iterator);
/* Moves whole rows; returns bytes. */
int sweep__drain(unsigned char *rows, int size);
void sweep__close(void);

#endif
