/* SPDX-License-Identifier: GPL-2.0-only */
/* The programs and where they are attached. */
#ifndef TCPLENS_LOADER_HOOKS_H
#define TCPLENS_LOADER_HOOKS_H

#include "options.h"
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdbool.h>

void hooks__probe(const struct btf *btf);
int hooks__load(const struct load_options *options);
bool hooks__are_loaded(void);
/* NULL where it is not attached. */
struct bpf_link *hooks__link(const char *program);
void hooks__blame(const char *program, const char *stage, int error);
int hooks__report(char *to, int size);
int hooks__misses(char *to, int size);
void hooks__close(void);

#endif
