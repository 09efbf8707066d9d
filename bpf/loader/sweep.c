// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sweeps. Network namespaces are entered one by one for their counters, and the first time for an iterator over what
 * sockets they have; then one iterator walks the memories of all sockets, slice by slice.
 */
#define _GNU_SOURCE
#include "../rows/rows.h"
#include "../rows/sweep-slice.h"
#include "clock.h"
#include "hooks.h"
#include "ledger.h"
#include "loader.h"
#include "maps.h"
#include "sweep.h"
#include "unseen.h"
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

#define SLICE_NS 2000000ULL

static struct {
	int met[NAMESPACES_MAX]; /* iterators over namespaces met for the first time, the last one first */
	int met_count;
	bool due;     /* once those are read, the sweep begins */
	int iterator; /* of the sweep; 0: none */
	struct sweep_slice *slice; /* mapped */
	__u32 taken;  /* of the slice's rows */
	__u32 slices; /* of the sweep so far */
} state;

static __u64 identify_netns(const char *path, unsigned char *identity)
{
	int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	__u64 cookie = 0, inode = 0;
	socklen_t length = sizeof(cookie);
	struct stat status;

	if (probe >= 0) {
		getsockopt(probe, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &length);
		close(probe);
	}
	if (stat(path, &status) == 0)
		inode = status.st_ino;
	memcpy(identity, &cookie, sizeof(cookie));
	memcpy(identity + sizeof(cookie), &inode, sizeof(inode));
	return cookie;
}

/* Namespaces are the same where their files are. */
static bool is_same(int one, int other)
{
	struct stat a, b;

	return fstat(one, &a) == 0 && fstat(other, &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

/* What the kernel maps of the slice: whole pages. */
static size_t slice_bytes(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (sizeof(struct sweep_slice) + page - 1) / page * page;
}

/* One that is not finished begins anew: what came since its beginning is to be found too. */
static void sweep_begin(void)
{
	if (!state.slice) {
		void *slice = mmap(NULL, slice_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, shared_map("sweep_slice"), 0);

		state.slice = slice == MAP_FAILED ? NULL : slice;
	}
	if (state.iterator)
		close(state.iterator);
	state.iterator = 0;
	state.due = true;
}

/* An iterator over sockets walks the namespace that its opener is in at that moment. */
static void meet_sockets(void)
{
	int iterator = -1;

	if (hooks__link("preexisting") && state.met_count < NAMESPACES_MAX)
		iterator = bpf_iter_create(bpf_link__fd(hooks__link("preexisting")));
	if (iterator >= 0)
		state.met[state.met_count++] = iterator;
}

/*
 * Opens a network namespace; returns -errno. Paths are from an earlier look, and something else may be behind one by now: the plain
 * file that `ip netns del` removes last, or what a process has since opened under the number, even a pipe that nobody writes to
 * (hence O_NONBLOCK). The namespace has gone from there then.
 */
static int open_netns(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return errno == ENXIO ? -ENOENT : -errno; /* a socket cannot be opened by its path */
	if (ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWNET)
		return fd;
	close(fd);
	return -ENOENT;
}

/* Enters the namespace, reads what only tells who is in it, and comes back. */
int loader__sweep(const char *netns_path, int first, unsigned char *identity, int size)
{
	const char *path = netns_path[0] ? netns_path : "/proc/thread-self/ns/net";
	int home, there, error, away;

	if (size < 16)
		return -EINVAL;
	if (!hooks__link("sample"))
		return -ENOSYS;
	home = open_netns("/proc/thread-self/ns/net");
	if (home < 0)
		return home;
	there = open_netns(path);
	if (there < 0) {
		close(home);
		return there;
	}
	/* Staying needs no CAP_SYS_ADMIN, which entering does. */
	away = !is_same(home, there);
	if (away && setns(there, CLONE_NEWNET) < 0) {
		error = errno;
		close(home);
		close(there);
		return -error;
	}
	if (first) {
		ledger__begin();
		sweep_begin();
	}
	if (ledger__enter(identify_netns(path, identity)))
		meet_sockets();
	/* Going on in a foreign namespace would bind the agent's own sockets there. */
	if (away && setns(home, CLONE_NEWNET) < 0)
		abort();
	close(home);
	close(there);
	return state.slice ? 0 : -ENOMEM;
}

/* Each walks the sockets of all namespaces for those of its own: with many of them it stops in between. */
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

/* Rows of the last slice that were not yet taken. */
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
 * So that a slice takes some milliseconds. The kernel keeps the memories in a list for each possible processor and walks
 * to where the last slice ended: the fewer lists there are, the longer they are and the fewer slices there should be.
 */
static __s32 slice_visits(void)
{
	int visits = 2 * SLICE_VISITS_MAX / libbpf_num_possible_cpus();

	return visits > SLICE_VISITS_MAX ? SLICE_VISITS_MAX : visits < SLICE_VISITS_MIN ? SLICE_VISITS_MIN : visits;
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
	state.iterator = 0;
	if (got == 0)
		unseen__after_sweep(state.slice->alive, state.slices > 1);
}

static void walk_begin(void)
{
	int iterator = state.slice ? bpf_iter_create(bpf_link__fd(hooks__link("sample"))) : -1;

	state.due = false;
	state.iterator = iterator > 0 ? iterator : 0;
	state.slices = 0;
	if (state.iterator) {
		unseen__before_sweep();
		state.slice->alive = 0;
	}
}

/* Moves whole rows; returns bytes. None may come of a slice, and none do while namespaces are met. */
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

int loader__sweeping(void)
{
	return state.met_count > 0 || state.due || state.iterator || (state.slice && state.slice->rows > state.taken);
}

void sweep__close(void)
{
	while (state.met_count > 0)
		close(state.met[--state.met_count]);
	if (state.iterator)
		close(state.iterator);
	if (state.slice)
		munmap(state.slice, slice_bytes());
	memset(&state, 0, sizeof(state));
}
