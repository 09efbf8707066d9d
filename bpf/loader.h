/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The C ABI that agent/loader.ts calls through ffi-rs: ints, strings and caller-owned byte buffers only, since wider
 * values do not survive the crossing. One loader a process, called from one thread. A negative result is -errno.
 */
#ifndef TCPLENS_LOADER_H
#define TCPLENS_LOADER_H

#define API __attribute__((visibility("default")))

/* sizeof the row of a kind, to be compared with rows.gen.ts before anything is loaded. */
API int loader__row_size(int kind);

/*
 * Loads the objects in `directory`, attaches every hook that the kernel allows, and walks the file tables for owners.
 * `host_id` is 16 hex digits; `ring_bytes`, a power of two of at least a page, is the size of each kind's ring;
 * `refuse` is a comma-separated list of hooks not to try. `report` receives a line a hook, "name\tattached\treason\n"
 * (attached 0 or 1), ended by a zero. Returns the number of hooks attached; 0 leaves nothing loaded.
 */
API int loader__open(const char *directory, const char *host_id, int ring_bytes, const char *refuse, unsigned char *report,
		     int report_size);

/* Moves whole rows of a kind into `rows`, their times made wall-clock. Returns bytes; 0: nothing waiting. */
API int loader__drain(int kind, unsigned char *rows, int size);

/*
 * Opens a sweep over the sockets of the namespace behind `netns_path` (empty: the caller's own); drain of the kind
 * `sample` then walks it. `identity` receives two UInt64, the namespace's cookie and inode.
 */
API int loader__sweep(const char *netns_path, unsigned char *identity, int size);

/* Writes KIND_COUNT `struct kind_counters`, summed over the CPUs. Returns bytes. */
API int loader__counters(unsigned char *counters, int size);

/* Detaches and unloads everything. */
API int loader__close(void);

#endif
