/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPLENS_LOADER_ROW_SIZE_H
#define TCPLENS_LOADER_ROW_SIZE_H

/* sizeof the row of a kind; -EINVAL for what is no kind. */
int row_size(int kind);

#endif
