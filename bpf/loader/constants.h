/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPLENS_LOADER_CONSTANTS_H
#define TCPLENS_LOADER_CONSTANTS_H

#include <bpf/libbpf.h>

/*
 * Sets the `const volatile` variables of an object that is open and not yet loaded. `values` has "name=hexadecimal" with commas;
 * what only C knows is added. A name that the object does not have is left out.
 */
void constants__set(struct bpf_object *object, struct bpf_map *rodata, const char *values);

#endif
