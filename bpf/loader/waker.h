/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPLENS_LOADER_WAKER_H
#define TCPLENS_LOADER_WAKER_H

/* From now on rows of that kind wake nobody. */
void waker__ignore(int kind);
void waker__close(void);

#endif
