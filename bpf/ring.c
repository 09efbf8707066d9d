// SPDX-License-Identifier: GPL-2.0-only
/*
 * A ring as the kernel lays it out (kernel/bpf/ringbuf.c), for one reader. libbpf maps its bytes twice, so that no record
 * lies in two pieces, and all of that counts as the process's memory. Here only the first page follows the last one again,
 * which is enough for a row.
 */
#define _GNU_SOURCE
#include "loader-state.h"
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define LINE_BYTES 64
#define ROWS_AHEAD 4

struct ring {
	int fd;
	size_t page, size;
	unsigned long *consumed;
	unsigned char *produced; /* a page with the position, then the records */
};

static size_t mapped(const struct ring *ring)
{
	return ring->page + ring->size + ring->page;
}

struct ring *ring__open(int map_fd)
{
	struct ring *ring = calloc(1, sizeof(*ring));
	struct bpf_map_info info = {};
	__u32 length = sizeof(info);

	if (!ring || bpf_obj_get_info_by_fd(map_fd, &info, &length)) {
		free(ring);
		return NULL;
	}
	ring->fd = map_fd;
	ring->page = (size_t)sysconf(_SC_PAGESIZE);
	ring->size = info.max_entries;
	ring->consumed = mmap(NULL, ring->page, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
	ring->produced = mmap(NULL, mapped(ring), PROT_READ, MAP_SHARED, map_fd, (off_t)ring->page);
	if (ring->consumed == MAP_FAILED || ring->produced == MAP_FAILED) {
		ring__close(ring);
		return NULL;
	}
	return ring;
}

int ring__fd(const struct ring *ring)
{
	return ring->fd;
}

struct ring_walk ring__begin(const struct ring *ring)
{
	return (struct ring_walk){
		.at = *ring->consumed,
		.end = __atomic_load_n((unsigned long *)ring->produced, __ATOMIC_ACQUIRE),
	};
}

/* Where a record lies. */
static const unsigned char *record_at(const struct ring *ring, unsigned long at)
{
	return ring->produced + ring->page + (at & (ring->size - 1));
}

/*
 * Rows lie in the caches of the processors that wrote them, and getting one takes longer than all that is done with it. So
 * they are asked for some rows ahead, line by line.
 */
static void fetch_ahead(const struct ring *ring, unsigned long at, unsigned long length)
{
	for (unsigned long line = 0; line < length; line += LINE_BYTES)
		__builtin_prefetch(record_at(ring, at + ROWS_AHEAD * length + line));
}

const unsigned char *ring__next(const struct ring *ring, struct ring_walk *walk, int row_size)
{
	while (walk->at < walk->end) {
		const unsigned char *record = record_at(ring, walk->at);
		__u32 header = __atomic_load_n((const __u32 *)record, __ATOMIC_ACQUIRE);
		__u32 length = header & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);

		if (header & BPF_RINGBUF_BUSY_BIT)
			return NULL;
		fetch_ahead(ring, walk->at, (length + BPF_RINGBUF_HDR_SZ + 7) & ~7UL);
		walk->at += (length + BPF_RINGBUF_HDR_SZ + 7) & ~7UL;
		if (header & BPF_RINGBUF_DISCARD_BIT)
			continue;
		if (length == (__u32)row_size)
			return record + BPF_RINGBUF_HDR_SZ;
		walk->is_broken = true;
		return NULL;
	}
	return NULL;
}

void ring__end(struct ring *ring, const struct ring_walk *walk)
{
	__atomic_store_n(ring->consumed, walk->at, __ATOMIC_RELEASE);
}

void ring__close(struct ring *ring)
{
	if (!ring)
		return;
	if (ring->consumed != MAP_FAILED)
		munmap(ring->consumed, ring->page);
	if (ring->produced != MAP_FAILED)
		munmap(ring->produced, mapped(ring));
	free(ring);
}
