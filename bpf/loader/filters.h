/* SPDX-License-Identifier: GPL-2.0-only */
/* Filters and budgets, set while the programs run. */
#ifndef TCPLENS_LOADER_FILTERS_H
#define TCPLENS_LOADER_FILTERS_H

void filters__open(void);
void filters__close(void);

#endif
