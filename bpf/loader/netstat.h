/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPLENS_LOADER_NETSTAT_H
#define TCPLENS_LOADER_NETSTAT_H

#include "../rows/rows.h"

/* The counters of the network namespace that the caller is in. */
void netstat__read(struct namespace_row *row);
void netstat__subtract(struct namespace_row *row, const struct namespace_row *earlier);

#endif
