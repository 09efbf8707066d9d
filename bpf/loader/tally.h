/* SPDX-License-Identifier: GPL-2.0-only */
/* Counts completed rows by the program that it was given. */
#ifndef TCPLENS_LOADER_TALLY_H
#define TCPLENS_LOADER_TALLY_H

#include "../rows/tally_program.h"
#include <stdbool.h>

/* Returns -EINVAL for a program that has another size or reaches outside its rows; then nothing is counted. */
int tally__start(const unsigned char *program, int size);
bool tally__is_sound(const struct tally_program *program);
void tally__row(int kind, const unsigned char *row);
void tally__close(void);

#endif
