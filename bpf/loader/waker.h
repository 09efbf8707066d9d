/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPLENS_LOADER_WAKER_H
#define TCPLENS_LOADER_WAKER_H

/* Rows of that kind wake nobody any more. */
void waker__ignore(int kind);
void waker__close(void);

#endif
