// SPDX-License-Identifier: GPL-2.0-only
/* Sweeps over the sockets of network namespaces: each is entered to open its iterator, which is read afterwards. */
#define _GNU_SOURCE
#include "loader.h"
#include "loader-state.h"
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

#define SLICE_NS 2000000ULL

/* Iterators still to be read, the last one first. */
static struct {
	int iterators[SWEEPS_MAX];
	int count;
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
static int is_same(int one, int other)
{
	struct stat a, b;

	return fstat(one, &a) == 0 && fstat(other, &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

/* The iterator walks the namespace that its opener is in at that moment: enter, open, come back. */
int loader__sweep(const char *netns_path, int first, unsigned char *identity, int size)
{
	const char *path = netns_path[0] ? netns_path : "/proc/thread-self/ns/net";
	int home, there, iterator, error, away;

	if (size < 16)
		return -EINVAL;
	if (!the_reader.sample_link)
		return -ENOSYS;
	if (state.count == SWEEPS_MAX)
		return -ENOSPC;
	home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	there = open(path, O_RDONLY | O_CLOEXEC);
	/* Staying needs no CAP_SYS_ADMIN, which entering does. */
	away = !is_same(home, there);
	if (home < 0 || there < 0 || (away && setns(there, CLONE_NEWNET) < 0)) {
		error = errno;
		close(home);
		close(there);
		return -error;
	}
	if (first)
		ledger__begin();
	ledger__enter(identify_netns(path, identity), the_reader.host_id, the_reader.attributed_fd);
	iterator = bpf_iter_create(bpf_link__fd(the_reader.sample_link));
	error = errno;
	/* Going on in a foreign namespace would bind the agent's own sockets there. */
	if (away && setns(home, CLONE_NEWNET) < 0)
		abort();
	close(home);
	close(there);
	if (iterator < 0)
		return -error;
	state.iterators[state.count++] = iterator;
	return 0;
}

static __u64 monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (__u64)now.tv_sec * 1000000000ULL + (__u64)now.tv_nsec;
}

/*
 * One iterator after the other; a whole number of rows fits each read, so no row is torn over two. Each walks the sockets
 * of all namespaces for those of its own, and with many of them the rings would go unread meanwhile: it stops in between.
 */
int sweep__drain(unsigned char *rows, int size)
{
	__u64 until_ns = monotonic_ns() + SLICE_NS;
	int row = row_size(KIND_SAMPLE), used = 0;

	while (state.count > 0 && used + row <= size && monotonic_ns() < until_ns) {
		int fd = state.iterators[state.count - 1];
		ssize_t got = read(fd, rows + used, (size_t)((size - used) / row * row));

		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (got <= 0) {
			close(fd);
			state.count--;
			continue;
		}
		used += (int)got;
	}
	return used;
}

int loader__sweeping(void)
{
	return state.count;
}

void sweep__close(void)
{
	while (state.count > 0)
		close(state.iterators[--state.count]);
}
