// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include "thread.h"
#include <signal.h>

/* All signals are blocked in the new thread: they are for the other threads. */
int thread__start(pthread_t *thread, void *(*run)(void *), const char *name)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(thread, NULL, run, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error == 0)
		pthread_setname_np(*thread, name);
	return error;
}
