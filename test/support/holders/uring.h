// One operation at a time by io_uring, without a library.
#ifndef HOLDERS_URING_H
#define HOLDERS_URING_H

#include "common.h"
#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>

static struct {
	int fd;
	struct io_uring_sqe *entries;
	unsigned *submit_tail, *submit_mask, *submit_array, *complete_head, *complete_tail, *complete_mask;
	struct io_uring_cqe *completions;
} ring;

static void open_ring(void)
{
	struct io_uring_params params = { 0 };
	char *area;

	ring.fd = (int)syscall(SYS_io_uring_setup, 4, &params);
	check(ring.fd >= 0, "io_uring_setup");
	area = mmap(NULL, params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_POPULATE, ring.fd, IORING_OFF_SQ_RING);
	check(area != MAP_FAILED, "mmap");
	ring.entries = mmap(NULL, params.sq_entries * sizeof(struct io_uring_sqe), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
			    ring.fd, IORING_OFF_SQES);
	check(ring.entries != MAP_FAILED, "mmap");
	ring.submit_tail = (unsigned *)(area + params.sq_off.tail);
	ring.submit_mask = (unsigned *)(area + params.sq_off.ring_mask);
	ring.submit_array = (unsigned *)(area + params.sq_off.array);
	ring.complete_head = (unsigned *)(area + params.cq_off.head);
	ring.complete_tail = (unsigned *)(area + params.cq_off.tail);
	ring.complete_mask = (unsigned *)(area + params.cq_off.ring_mask);
	ring.completions = (struct io_uring_cqe *)(area + params.cq_off.cqes);
}

/* Submits one operation and waits for its result. */
static int operate(int operation, int fd, void *buffer, unsigned size)
{
	unsigned tail = *ring.submit_tail, at = tail & *ring.submit_mask, head;
	int result;

	memset(ring.entries + at, 0, sizeof(*ring.entries));
	ring.entries[at].opcode = (unsigned char)operation;
	ring.entries[at].fd = fd;
	ring.entries[at].addr = (unsigned long)buffer;
	ring.entries[at].len = size;
	ring.submit_array[at] = at;
	__atomic_store_n(ring.submit_tail, tail + 1, __ATOMIC_RELEASE);
	check(syscall(SYS_io_uring_enter, ring.fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) == 1, "io_uring_enter");
	head = *ring.complete_head;
	check(__atomic_load_n(ring.complete_tail, __ATOMIC_ACQUIRE) != head, "io_uring completion");
	result = ring.completions[head & *ring.complete_mask].res;
	__atomic_store_n(ring.complete_head, head + 1, __ATOMIC_RELEASE);
	return result;
}

#endif
