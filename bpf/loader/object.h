/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPLENS_LOADER_OBJECT_H
#define TCPLENS_LOADER_OBJECT_H

#include <bpf/libbpf.h>

/* NULL where the file is not one of this loader's, with errno and a warning. */
struct bpf_object *object__open(const char *path, const char *name);

#endif
