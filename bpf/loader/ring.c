// SPDX-License-Identifier: GPL-2.0-only
/*
 * A ring as the kernel lays it out (kernel/bpf/ringbuf.c), for one reader. What a process maps of a ring counts as its memory,
 * whether it touches it or not, and libbpf maps the whole ring twice. Here only a window is mapped, which moves along with the
 * reader. The kernel maps the ring's bytes twice in a row, so a window, and a row in it, is never in two pieces.
 */
#define _GNU_SOURCE
#include "ring.h"
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define LINE_BYTES 64
#define ROWS_AHEAD 4
#define WINDOW_BYTES (256UL << 10)

struct ring {
	int fd;
	size_t page, size;
	unsigned long *consumed;
	unsigned long *produced;
	unsigned char *window;
	size_t from, room; /* where in the ring the first record of the window may begin, and in how many bytes from there the others; room 0: no window */
};

static size_t smaller(size_t one, size_t other)
{
	return one < other ? one : other;
}

/* The window and one page more, for the end of a row that begins in the window. */
static size_t window_bytes(const struct ring *ring)
{
	return smaller(ring->size, WINDOW_BYTES) + ring->page;
}

/* Moves the window to this page of the ring; its addresses stay the same. */
static bool open_window(struct ring *ring, size_t from)
{
	void *at = ring->window == MAP_FAILED ? NULL : ring->window;
	int flags = MAP_SHARED | (at ? MAP_FIXED : 0);
	void *window = mmap(at, window_bytes(ring), PROT_READ, flags, ring->fd, (off_t)(2 * ring->page + from));

	ring->from = from;
	ring->room = window == MAP_FAILED ? 0 : window_bytes(ring) - ring->page;
	ring->window = window;
	return ring->room > 0;
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
	ring->window = MAP_FAILED;
	ring->page = (size_t)sysconf(_SC_PAGESIZE);
	ring->size = info.max_entries;
	ring->consumed = mmap(NULL, ring->page, PROT_READ | PROT_WRITE, MAP_SHARED, map_fd, 0);
	ring->produced = mmap(NULL, ring->page, PROT_READ, MAP_SHARED, map_fd, (off_t)ring->page);
	if (ring->consumed == MAP_FAILED || ring->produced == MAP_FAILED || !open_window(ring, 0)) {
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
		.end = __atomic_load_n(ring->produced, __ATOMIC_ACQUIRE),
	};
}

/* The address of a record. NULL if there is no memory for a window on it: then the record stays in the ring for now. */
static const unsigned char *record_at(struct ring *ring, unsigned long at)
{
	size_t in_ring = at & (ring->size - 1);

	if (in_ring - ring->from >= ring->room && !open_window(ring, in_ring & ~(ring->page - 1)))
		return NULL;
	return ring->window + (in_ring - ring->from);
}

/*
 * Rows are in the caches of the processors that wrote them, and fetching one takes longer than all that is done with it. So each
 * line is asked for some rows ahead. Behind the end of the window the prefetch does nothing.
 */
static void fetch_ahead(const unsigned char *record, unsigned long length)
{
	for (unsigned long line = 0; line < length; line += LINE_BYTES)
		__builtin_prefetch(record + ROWS_AHEAD * length + line);
}

const unsigned char *ring__next(struct ring *ring, struct ring_walk *walk, int row_size)
{
	while (walk->at < walk->end) {
		const unsigned char *record = record_at(ring, walk->at);
		__u32 header, length;
		unsigned long bytes;

		if (!record)
			break;
		header = __atomic_load_n((const __u32 *)record, __ATOMIC_ACQUIRE);
		length = header & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
		if (header & BPF_RINGBUF_BUSY_BIT)
			return NULL;
		bytes = (length + BPF_RINGBUF_HDR_SZ + 7) & ~7UL;
		/*
		 * The record ends behind what was written. If the reader followed it, the kernel would take the ring for full for
		 * ever. So what is there is given up, and reading goes on behind it.
		 */
		if (bytes > walk->end - walk->at) {
			walk->at = walk->end;
			walk->is_broken = true;
			break;
		}
		fetch_ahead(record, bytes);
		walk->at += bytes;
		if (header & BPF_RINGBUF_DISCARD_BIT)
			continue;
		if (length == (__u32)row_size)
			return record + BPF_RINGBUF_HDR_SZ;
		walk->is_broken = true;
		break;
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
		munmap(ring->produced, ring->page);
	if (ring->window != MAP_FAILED)
		munmap(ring->window, window_bytes(ring));
	free(ring);
}
