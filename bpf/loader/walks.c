// SPDX-License-Identifier: GPL-2.0-only
/* Walks over all tasks to find network namespaces, and over their files to find the owners of sockets. */
#include "../rows/netns-holder.h"
#include "hooks.h"
#include "loader.h"
#include <bpf/bpf.h>
#include <errno.h>
#include <unistd.h>

/* Runs the iterator to its end and keeps as many holders as fit. Returns bytes kept. */
static int walk(const char *program, unsigned char *found, int size)
{
	struct bpf_link *link = hooks__link(program);
	unsigned char rest[4096];
	int iterator, used = 0;
	ssize_t got;

	if (!link)
		return -ENOSYS;
	iterator = bpf_iter_create(bpf_link__fd(link));
	if (iterator < 0)
		return -errno;
	do {
		if (used < size)
			got = read(iterator, found + used, (size_t)(size - used));
		else
			got = read(iterator, rest, sizeof(rest));
		if (got > 0 && used < size)
			used += (int)got;
	} while (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR)));
	close(iterator);
	return got < 0 ? -errno : used - used % (int)sizeof(struct netns_holder);
}

int loader__walk(unsigned char *holders, int size)
{
	return walk("owner", holders, size);
}

int loader__namespaces(unsigned char *holders, int size)
{
	return walk("netns", holders, size);
}
