// SPDX-License-Identifier: GPL-2.0-only
/*
 * If nobody reads rows, a thread takes them out of the rings and has them counted. Waking Node up for them would cost more than
 * counting them, and rows would be lost while Node is busy with something else.
 */
#define _GNU_SOURCE
#include "../rows/rows.h"
#include "counter.h"
#include "loader.h"
#include "reader.h"
#include "thread.h"
#include "waker.h"
#include <errno.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

static struct {
	pthread_t thread;
	int epoll; /* waits for the rings and for `end` */
	int end;   /* an eventfd that tells the thread to end */
	int interval_ms;
	int error;
	bool is_running;
} counter;

static pthread_mutex_t counting = PTHREAD_MUTEX_INITIALIZER;

void counter__lock(void)
{
	pthread_mutex_lock(&counting);
}

void counter__unlock(void)
{
	pthread_mutex_unlock(&counting);
}

bool counter__has(int kind)
{
	/* The rows of sweeps come only when the caller asks for them, so it takes those itself. */
	return counter.is_running && kind != KIND_SAMPLE && kind != KIND_LISTENER && kind != KIND_NAMESPACE;
}

int counter__count(void)
{
	int counted = 0;

	for (int kind = 0; kind < KIND_COUNT && counter.error == 0; kind++) {
		int of_kind = counter__has(kind) ? reader__count(kind) : 0;

		if (of_kind < 0)
			counter.error = of_kind;
		else
			counted += of_kind;
	}
	return counter.error ? counter.error : counted;
}

/* Waits while rows gather. If there were none, it first waits for one. Returns whether to go on. */
static bool rest(bool was_empty)
{
	struct epoll_event event = { .data.fd = -1 };
	int count;

	if (was_empty) {
		do {
			count = epoll_wait(counter.epoll, &event, 1, -1);
		} while (count < 0 && errno == EINTR);
		if (count < 0 || event.data.fd == counter.end)
			return false;
	}
	usleep((useconds_t)counter.interval_ms * 1000);
	return true;
}

static void *count_on(void *unused)
{
	int counted;

	(void)unused;
	do {
		eventfd_t ended = 0;

		counter__lock();
		counted = counter__count();
		counter__unlock();
		if (counted < 0 || eventfd_read(counter.end, &ended) == 0)
			break;
	} while (rest(counted == 0));
	return NULL;
}

static int watch(int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(counter.epoll, EPOLL_CTL_ADD, fd, &event);
}

static int watch_all(void)
{
	for (int kind = 0; kind < KIND_COUNT; kind++)
		if (counter__has(kind) && reader__ring(kind) && watch(ring__fd(reader__ring(kind))))
			return -1;
	return watch(counter.end);
}

int loader__count(int interval_ms)
{
	int error;

	if (counter.is_running)
		return -EBUSY;
	counter.interval_ms = interval_ms;
	counter.error = 0;
	counter.end = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	counter.epoll = epoll_create1(EPOLL_CLOEXEC);
	counter.is_running = true;
	error = counter.end < 0 || counter.epoll < 0 || watch_all() ? errno : thread__start(&counter.thread, count_on, "tcplens-count");
	if (error) {
		close(counter.end);
		close(counter.epoll);
		counter.is_running = false;
		return -error;
	}
	for (int kind = 0; kind < KIND_COUNT; kind++)
		if (counter__has(kind))
			waker__ignore(kind);
	return 0;
}

void counter__close(void)
{
	if (!counter.is_running)
		return;
	eventfd_write(counter.end, 1);
	pthread_join(counter.thread, NULL);
	close(counter.end);
	close(counter.epoll);
	counter.is_running = false;
}
