// SPDX-License-Identifier: GPL-2.0-only
/*
 * Wakes a reader that sleeps. Node's event loop cannot watch a ring, so a thread does. It does so only when asked, and says over a
 * socket that a row has come into a ring that was empty.
 */
#define _GNU_SOURCE
#include "../rows/rows.h"
#include "loader.h"
#include "reader.h"
#include "thread.h"
#include "waker.h"
#include <errno.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static struct {
	pthread_t thread;
	int epoll;
	int socket; /* the thread's end of the socket pair; the reader has the other */
	int running;
} waker;

/* A byte that comes in asks; a byte that goes out answers. The thread ends when the reader closes its end. */
static void *wait_for_rows(void *unused)
{
	struct epoll_event event;
	char byte;

	(void)unused;
	while (read(waker.socket, &byte, 1) == 1) {
		int count;

		do {
			count = epoll_wait(waker.epoll, &event, 1, -1);
		} while (count < 0 && errno == EINTR);
		if (count < 0 || event.data.fd == waker.socket || send(waker.socket, &byte, 1, MSG_NOSIGNAL) != 1)
			break;
	}
	return NULL;
}

static int watch(int fd, __u32 events)
{
	struct epoll_event event = { .events = events, .data.fd = fd };

	return epoll_ctl(waker.epoll, EPOLL_CTL_ADD, fd, &event);
}

static int watch_all(void)
{
	for (int kind = 0; kind < KIND_COUNT; kind++)
		if (reader__ring(kind) && watch(ring__fd(reader__ring(kind)), EPOLLIN))
			return -1;
	return watch(waker.socket, EPOLLRDHUP);
}

void waker__ignore(int kind)
{
	if (waker.running && reader__ring(kind))
		epoll_ctl(waker.epoll, EPOLL_CTL_DEL, ring__fd(reader__ring(kind)), NULL);
}

int loader__waker(void)
{
	int sockets[2], error;

	if (waker.running)
		return -EBUSY;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets))
		return -errno;
	waker.socket = sockets[0];
	waker.epoll = epoll_create1(EPOLL_CLOEXEC);
	error = waker.epoll < 0 || watch_all() ? errno : thread__start(&waker.thread, wait_for_rows, "tcplens-waker");
	if (error) {
		close(waker.epoll);
		close(sockets[0]);
		close(sockets[1]);
		return -error;
	}
	waker.running = 1;
	return sockets[1];
}

void waker__close(void)
{
	if (!waker.running)
		return;
	shutdown(waker.socket, SHUT_RDWR);
	pthread_join(waker.thread, NULL);
	close(waker.socket);
	close(waker.epoll);
	waker.running = 0;
}
