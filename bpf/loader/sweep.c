// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sweeps: first the iterators over the sockets of namespaces that were just met, then one over the memories of all sockets, slice
 * by slice. Where the kernel allows none over memories, there is one over the sockets of each namespace in its place.
 */
#define _GNU_SOURCE
#include "../rows/rows.h"
#include "../rows/sweep-slice.h"
#include "clock.h"
#include "hooks.h"
#include "loader.h"
#include "maps.h"
#include "sweep.h"
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SLICE_NS 2000000ULL
#define NAMESPACES_MAX 4096 /* that may be met at once */

static struct {
	int met[NAMESPACES_MAX]; /* iterators over namespaces that were just met; the last one is read first */
	int met_count;
	bool due;     /* the sweep begins when those have been read */
	int entered[NAMESPACES_MAX]; /* iterators over the namespaces of the sweep; empty where there is one over memories */
	int entered_count;
	int iterator; /* descriptor of the sweep's iterator; 0: no sweep is under way */
	struct sweep_slice *slice; /* mapped */
	__u32 taken;  /* how many of the slice's rows have been moved */
	__u32 slices; /* how many the sweep has had so far */
	struct swept swept;
} state;

/* How many bytes the kernel maps for a slice: whole pages. */
static size_t slice_bytes(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (sizeof(struct sweep_slice) + page - 1) / page * page;
}

/* A sweep that is not finished begins anew, so that it also finds the sockets that have come since. */
void sweep__begin(void)
{
	if (!state.slice) {
		void *slice = mmap(NULL, slice_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, shared_map("sweep_slice"), 0);

		state.slice = slice == MAP_FAILED ? NULL : slice;
	}
	if (state.iterator)
		close(state.iterator);
	state.iterator = 0;
	while (state.entered_count > 0)
		close(state.entered[--state.entered_count]);
	state.due = true;
}

void sweep__enter(void)
{
	struct bpf_link *link = hooks__link("sample_netns");
	int iterator = link && state.entered_count < NAMESPACES_MAX ? bpf_iter_create(bpf_link__fd(link)) : -1;

	if (iterator > 0)
		state.entered[state.entered_count++] = iterator;
}

bool sweep__is_possible(void)
{
	return state.slice;
}

void sweep__meet(int iterator)
{
	if (state.met_count < NAMESPACES_MAX)
		state.met[state.met_count++] = iterator;
	else
		close(iterator);
}

/*
 * Reads the iterators over namespaces. Each walks the sockets of all namespaces to find those of its own; if there are many
 * iterators, this stops in between.
 */
static bool drain_met(void)
{
	__u64 until_ns = clock__ns(CLOCK_MONOTONIC) + SLICE_NS;
	char none;

	while (state.met_count > 0 && clock__ns(CLOCK_MONOTONIC) < until_ns) {
		int fd = state.met[state.met_count - 1];

		if (read(fd, &none, sizeof(none)) < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		close(fd);
		state.met_count--;
	}
	return state.met_count > 0;
}

/* Moves the rows of the last slice that were not yet taken. */
static int take(unsigned char *rows, int size)
{
	__u32 count = state.slice->rows - state.taken;

	if (count > (__u32)size / sizeof(struct sample_row))
		count = (__u32)size / sizeof(struct sample_row);
	memcpy(rows, &state.slice->row[state.taken], count * sizeof(struct sample_row));
	state.taken += count;
	return (int)(count * sizeof(struct sample_row));
}

/*
 * The number of visits with which a slice takes some milliseconds. The kernel keeps the memories in one list for each possible
 * processor, and walks to where the last slice ended. With fewer lists each is longer, so slices have to be fewer and longer too.
 */
static __s32 slice_visits(void)
{
	int visits = 2 * SLICE_VISITS_MAX / libbpf_num_possible_cpus();

	return visits > SLICE_VISITS_MAX ? SLICE_VISITS_MAX : visits < SLICE_VISITS_MIN ? SLICE_VISITS_MIN : visits;
}

static int next_entered(void)
{
	return state.entered_count > 0 ? state.entered[--state.entered_count] : 0;
}

/* One read of the iterator, which the program ends when the slice has been long enough. */
static void walk_slice(void)
{
	ssize_t got;
	char none;

	state.slice->now_ns = clock__ns(CLOCK_BOOTTIME);
	state.slice->visits = slice_visits();
	state.slice->rows = 0;
	state.taken = 0;
	state.slices++;
	got = read(state.iterator, &none, sizeof(none));
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	close(state.iterator);
	state.iterator = next_entered();
	/* One that walks namespaces has not met connections of those that could not be entered, nor those whose close row waits. */
	if (got == 0 && hooks__link("sample"))
		state.swept = (struct swept){ state.swept.finished + 1, state.slice->alive, state.slices };
}

static void walk_begin(void)
{
	struct bpf_link *link = hooks__link("sample");
	int iterator = -1;

	if (state.slice)
		iterator = link ? bpf_iter_create(bpf_link__fd(link)) : next_entered();
	state.due = false;
	state.iterator = iterator > 0 ? iterator : 0;
	state.slices = 0;
	if (state.iterator)
		state.slice->alive = 0;
}

/*
 * Moves whole rows. Returns bytes; 0 does not mean the end: a slice may have no rows, and there are none while namespaces are being
 * met.
 */
int sweep__drain(unsigned char *rows, int size)
{
	int used = state.slice ? take(rows, size) : 0;

	if (used || drain_met())
		return used;
	if (state.due)
		walk_begin();
	if (!state.iterator)
		return 0;
	walk_slice();
	return take(rows, size);
}

int loader__sweeping(unsigned char *swept, int size)
{
	if (size < (int)sizeof(state.swept))
		return -EINVAL;
	memcpy(swept, &state.swept, sizeof(state.swept));
	return state.met_count > 0 || state.due || state.iterator || (state.slice && state.slice->rows > state.taken);
}

void sweep__close(void)
{
	while (state.met_count > 0)
		close(state.met[--state.met_count]);
	while (state.entered_count > 0)
		close(state.entered[--state.entered_count]);
	if (state.iterator)
		close(state.iterator);
	if (state.slice)
		munmap(state.slice, slice_bytes());
	memset(&state, 0, sizeof(state));
}
