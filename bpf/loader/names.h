/* SPDX-License-Identifier: GPL-2.0-only */
/* Names for the numbers in rows, from the running kernel. */
#ifndef TCPLENS_LOADER_NAMES_H
#define TCPLENS_LOADER_NAMES_H

#include <bpf/btf.h>
#include <stdbool.h>

void names__open(const struct btf *btf);
/* Whether rows of the kind want names. */
bool names__has(int kind);
void names__fill(int kind, unsigned char *row);
int names__list(char *to, int size);
void names__close(void);

#endif
