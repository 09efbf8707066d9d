/* SPDX-License-Identifier: GPL-2.0-only */
/* The programs and where they are attached. */
#ifndef TCPLENS_LOADER_HOOKS_H
#define TCPLENS_LOADER_HOOKS_H

#include "maps.h"
#include <bpf/libbpf.h>
#include <stdbool.h>

/*
 * Loads and attaches those programs of an open object that are in the list, which has commas. Returns how many are attached; on
 * -errno nothing is kept. Appends to the text `reasons` a line for each program that is not attached, or one without a name for
 * all.
 */
int hooks__load(struct bpf_object *object, const char *programs, const struct map_options *options, char *reasons, int size);
/* NULL if the program is not attached. */
struct bpf_link *hooks__link(const char *program);
/* Attaches a program that was attached before, or detaches it. Returns -errno if the kernel refuses; -ENOENT if it never was attached. */
int hooks__switch(const char *program, bool on);
int hooks__misses(char *to, int size);
void hooks__close(void);

#endif
