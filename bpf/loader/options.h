/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPLENS_LOADER_OPTIONS_H
#define TCPLENS_LOADER_OPTIONS_H

/* What loader__open() is told. */
struct load_options {
	const char *directory;
	const char *refuse; /* hooks not to try, with commas */
	unsigned long long host_id;
	int ring_bytes;
};

#endif
