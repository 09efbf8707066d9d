// SPDX-License-Identifier: GPL-2.0-only
/* Takes rows out of the kernel: rings, socket sweeps, counters. */
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

struct reader the_reader;

/* Where the ring's callback copies to. */
static struct {
	unsigned char *rows;
	int size, used;
	__u64 clock_offset_ns;
} target;

int row_size(int kind)
{
	switch (kind) {
	case KIND_RETRANSMIT:
		return sizeof(struct retransmit_row);
	case KIND_CONNECTION:
		return sizeof(struct connection_row);
	case KIND_STATE_CHANGE:
		return sizeof(struct state_change_row);
	case KIND_SAMPLE:
		return sizeof(struct sample_row);
	default:
		return -EINVAL;
	}
}

/* Added to CLOCK_BOOTTIME it gives the wall clock, as of now: a clock step shows in rows drained after it. */
static __u64 clock_offset_ns(void)
{
	struct timespec wall, boot;

	clock_gettime(CLOCK_REALTIME, &wall);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	return (__u64)(wall.tv_sec - boot.tv_sec) * 1000000000ULL + (__u64)(wall.tv_nsec - boot.tv_nsec);
}

static void add_clock_offset(unsigned char *row)
{
	__u64 time_ns;

	memcpy(&time_ns, row, sizeof(time_ns));
	time_ns += target.clock_offset_ns;
	memcpy(row, &time_ns, sizeof(time_ns));
}

/* libbpf has consumed the row whatever this returns, so it stops one row before the buffer is full, not after. */
static int copy_row(void *context, void *row, size_t size)
{
	int kind_size = *(int *)context;

	if ((int)size != kind_size)
		return -EPROTO;
	memcpy(target.rows + target.used, row, size);
	add_clock_offset(target.rows + target.used);
	target.used += kind_size;
	return target.used + kind_size > target.size ? -ENOBUFS : 0;
}

int reader__open_rings(struct reader *reader, const int ring_fds[KIND_COUNT])
{
	static int sizes[KIND_COUNT];

	for (int kind = 0; kind < KIND_COUNT; kind++) {
		if (ring_fds[kind] < 0)
			continue;
		sizes[kind] = row_size(kind);
		reader->rings[kind] = ring_buffer__new(ring_fds[kind], copy_row, &sizes[kind], NULL);
		if (!reader->rings[kind])
			return -errno;
	}
	return 0;
}

static int drain_ring(struct ring_buffer *ring)
{
	int result = ring_buffer__consume(ring);

	if (result < 0 && result != -ENOBUFS)
		return result;
	return target.used;
}

/* One iterator after the other; a whole number of rows fits each read, so no row is torn over two. */
static int drain_sweeps(struct reader *reader)
{
	int size = row_size(KIND_SAMPLE);

	while (reader->sweep_count > 0 && target.used + size <= target.size) {
		int room = (target.size - target.used) / size * size;
		int fd = reader->sweeps[reader->sweep_count - 1];
		ssize_t got = read(fd, target.rows + target.used, (size_t)room);

		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (got <= 0) {
			close(fd);
			reader->sweep_count--;
			continue;
		}
		for (ssize_t at = 0; at < got; at += size)
			add_clock_offset(target.rows + target.used + at);
		target.used += (int)got;
	}
	return target.used;
}

int loader__drain(int kind, unsigned char *rows, int size)
{
	struct reader *reader = &the_reader;

	if (row_size(kind) < 0 || size < row_size(kind))
		return -EINVAL;
	target.rows = rows;
	target.size = size;
	target.used = 0;
	target.clock_offset_ns = clock_offset_ns();
	if (kind == KIND_SAMPLE)
		return drain_sweeps(reader);
	return reader->rings[kind] ? drain_ring(reader->rings[kind]) : 0;
}

static int identify_netns(const char *path, unsigned char *identity)
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
	return 0;
}

/* Namespaces are the same where their files are. */
static int is_same(int one, int other)
{
	struct stat a, b;

	return fstat(one, &a) == 0 && fstat(other, &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

/* The iterator walks the namespace that its opener is in at that moment: enter, open, come back. */
int loader__sweep(const char *netns_path, unsigned char *identity, int size)
{
	struct reader *reader = &the_reader;
	const char *path = netns_path[0] ? netns_path : "/proc/thread-self/ns/net";
	int home, there, iterator, error, away;

	if (size < 16)
		return -EINVAL;
	if (!reader->sample_link)
		return -ENOSYS;
	if (reader->sweep_count == SWEEPS_MAX)
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
	identify_netns(path, identity);
	iterator = bpf_iter_create(bpf_link__fd(reader->sample_link));
	error = errno;
	/* Going on in a foreign namespace would bind the agent's own sockets there. */
	if (away && setns(home, CLONE_NEWNET) < 0)
		abort();
	close(home);
	close(there);
	if (iterator < 0)
		return -error;
	reader->sweeps[reader->sweep_count++] = iterator;
	return 0;
}

int reader__walk_owners(struct reader *reader)
{
	char nothing[64];
	int iterator = bpf_iter_create(bpf_link__fd(reader->owner_link));
	ssize_t got;

	if (iterator < 0)
		return -errno;
	do {
		got = read(iterator, nothing, sizeof(nothing));
	} while (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR)));
	close(iterator);
	return got < 0 ? -errno : 0;
}

int loader__counters(unsigned char *counters, int size)
{
	int cpus = libbpf_num_possible_cpus();
	struct kind_counters *each, sum;

	if (size < (int)(KIND_COUNT * sizeof(sum)) || cpus < 1)
		return -EINVAL;
	each = calloc((size_t)cpus, sizeof(*each));
	if (!each)
		return -ENOMEM;
	for (__u32 kind = 0; kind < KIND_COUNT; kind++) {
		memset(&sum, 0, sizeof(sum));
		if (bpf_map_lookup_elem(the_reader.counters_fd, &kind, each) == 0) {
			for (int cpu = 0; cpu < cpus; cpu++) {
				sum.written += each[cpu].written;
				sum.ring_lost += each[cpu].ring_lost;
				sum.no_storage += each[cpu].no_storage;
			}
		}
		memcpy(counters + kind * sizeof(sum), &sum, sizeof(sum));
	}
	free(each);
	return (int)(KIND_COUNT * sizeof(sum));
}

void reader__close(struct reader *reader)
{
	while (reader->sweep_count > 0)
		close(reader->sweeps[--reader->sweep_count]);
	for (int kind = 0; kind < KIND_COUNT; kind++)
		ring_buffer__free(reader->rings[kind]);
	memset(reader, 0, sizeof(*reader));
}
