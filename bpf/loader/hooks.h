/* SPDX-License-Identifier: GPL-2.0-only */
/* The programs and where they are attached. */
#ifndef TCPLENS_LOADER_HOOKS_H
#define TCPLENS_LOADER_HOOKS_H

#include "maps.h"
#include <bpf/libbpf.h>
#include <stdbool.h>

/*
 * Loads those programs of an open object that are in the list, with commas, and attaches them. Returns how many are attached; -errno
 * with nothing kept. `reasons` is a text to whose end it writes a line for each that is not, or one without a name for all.
 */
int hooks__load(struct bpf_object *object, const char *programs, const struct map_options *options, char *reasons, int size);
/* NULL where it is not attached. */
struct bpf_link *hooks__link(const char *program);
int hooks__misses(char *to, int size);
void hooks__close(void);

#endif
