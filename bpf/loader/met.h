/* SPDX-License-Identifier: GPL-2.0-only */
/* Notes who appears in rows. */
#ifndef TCPLENS_LOADER_MET_H
#define TCPLENS_LOADER_MET_H

void met__row(const unsigned char *row);
int met__tell(unsigned char *pairs, int size, int again);
void met__close(void);

#endif
