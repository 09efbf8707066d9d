/* SPDX-License-Identifier: GPL-2.0-only */
/* Rows of kind `sample`, from the sweeps that are open. */
#ifndef TCPLENS_LOADER_SWEEP_H
#define TCPLENS_LOADER_SWEEP_H

int sweep__drain(unsigned char *rows, int size);
void sweep__close(void);

#endif
