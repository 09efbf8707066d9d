// SPDX-License-Identifier: GPL-2.0-only
/*
 * Enters network namespaces one by one to read their counters. When one is first met, it also opens an iterator over the sockets
 * that it has.
 */
#define _GNU_SOURCE
#include "../rows/netns-look.h"
#include "clock.h"
#include "hooks.h"
#include "loader.h"
#include "maps.h"
#include "sweep.h"
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

#define OWN_NETNS "/proc/thread-self/ns/net"

/* The files of which TypeScript makes a row of kind `namespace`, in this order. The text of a file that is not there is empty. */
static const char *const counter_files[] = {
	"/proc/thread-self/net/snmp",
	"/proc/thread-self/net/netstat",
	"/proc/thread-self/net/snmp6",
	"/proc/thread-self/net/sockstat",
	"/proc/sys/net/ipv4/ip_local_port_range",
};

static __u64 cookie_here(void)
{
	int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	__u64 cookie = 0;
	socklen_t length = sizeof(cookie);

	if (probe >= 0) {
		getsockopt(probe, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &length);
		close(probe);
	}
	return cookie;
}

/* Appends a file's text and a zero; returns the bytes used then. */
static int append_file(const char *path, unsigned char *to, int used, int size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = 1;

	while (fd >= 0 && got > 0 && used + 1 < size) {
		got = read(fd, to + used, (size_t)(size - used - 1));
		used += got > 0 ? (int)got : 0;
	}
	if (fd >= 0)
		close(fd);
	to[used] = 0;
	return used + 1;
}

static int look(const char *path, unsigned char *to, int size)
{
	struct netns_look at = { .cookie = cookie_here() };
	struct stat status;
	int used = sizeof(at);

	if (stat(path, &status) == 0)
		at.inode = status.st_ino;
	at.boot_ns = clock__ns(CLOCK_BOOTTIME);
	at.time_ns = at.boot_ns + clock__offset_ns();
	for (size_t i = 0; i < sizeof(counter_files) / sizeof(counter_files[0]) && used < size; i++)
		used = append_file(counter_files[i], to, used, size);
	/*
	 * Read after the files: a segment that is sent again meanwhile may be attributed before the kernel's counter shows it, but
	 * is never counted without being attributed.
	 */
	bpf_map_lookup_elem(shared_map("attributed"), &at.cookie, &at.attributed);
	memcpy(to, &at, sizeof(at));
	return used;
}

/* Two descriptors are of the same namespace if they are of the same file. */
static bool is_same(int one, int other)
{
	struct stat a, b;

	return fstat(one, &a) == 0 && fstat(other, &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

/*
 * Opens a network namespace, or returns -errno. The path is from an earlier look, so something else may be there by now: the plain
 * file that `ip netns del` removes last, or what a process has opened under the same number since, even a pipe that nobody writes
 * to (hence O_NONBLOCK). Then the namespace is gone from there.
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

/* Enters the namespace. `home` becomes a descriptor of the one that was left, or negative if none was left. Returns 0 or -errno. */
static int enter(const char *path, int *home)
{
	int here = open_netns(OWN_NETNS), there, error = 0;

	if (here < 0)
		return here;
	there = open_netns(path);
	*home = -1;
	/* Entering a namespace needs CAP_SYS_ADMIN, staying in one does not. */
	if (there < 0)
		error = there;
	else if (!is_same(here, there)) {
		if (setns(there, CLONE_NEWNET) < 0)
			error = -errno;
		else
			*home = here;
	}
	if (there >= 0)
		close(there);
	if (*home < 0)
		close(here);
	return error;
}

/* Ends the process if it cannot return: in a foreign namespace the agent would bind its own sockets there. */
static void leave(int home)
{
	if (home >= 0 && setns(home, CLONE_NEWNET) < 0)
		abort();
	if (home >= 0)
		close(home);
}

int loader__sweep(const char *netns_path, int first, unsigned char *seen, int size)
{
	const char *path = netns_path[0] ? netns_path : OWN_NETNS;
	int home, used;

	if (size < (int)sizeof(struct netns_look))
		return -EINVAL;
	if (!hooks__link("sample") && !hooks__link("sample_netns"))
		return -ENOSYS;
	used = enter(path, &home);
	if (used < 0)
		return used;
	if (first)
		sweep__begin();
	sweep__enter();
	used = look(path, seen, size);
	leave(home);
	return sweep__is_possible() ? used : -ENOMEM;
}

/* The iterator is opened inside the namespace: it walks the one that its opener is in at that moment. */
int loader__meet(const char *netns_path)
{
	struct bpf_link *link = hooks__link("preexisting");
	int home, error = enter(netns_path[0] ? netns_path : OWN_NETNS, &home), iterator = -1;

	if (error)
		return error;
	if (link)
		iterator = bpf_iter_create(bpf_link__fd(link));
	leave(home);
	if (iterator >= 0)
		sweep__meet(iterator);
	return 0;
}
