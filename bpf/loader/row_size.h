/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPLENS_LOADER_ROW_SIZE_H
#define TCPLENS_LOADER_ROW_SIZE_H

/* The size of a kind's row in bytes; -EINVAL if there is no such kind. */
int row_size(int kind);

#endif
