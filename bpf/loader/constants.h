/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPLENS_LOADER_CONSTANTS_H
#define TCPLENS_LOADER_CONSTANTS_H

#include <bpf/btf.h>
#include <bpf/libbpf.h>

/* Counts the arguments of tracepoints in the running kernel's BTF, for constants__set() and for the report. */
void constants__probe(const struct btf *btf);
/* A tracepoint's arguments, 0 where this kernel has no such tracepoint. */
int constants__arguments(const struct btf *btf, const char *tracepoint);
int constants__report(char *to, int size);
/* Sets the `const volatile` of an object that is open and not yet loaded. */
void constants__set(struct bpf_object *object, struct bpf_map *rodata, unsigned long long host_id);

#endif
