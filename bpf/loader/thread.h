/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPLENS_LOADER_THREAD_H
#define TCPLENS_LOADER_THREAD_H

#include <pthread.h>

/* Starts a thread that handles no signals. Returns an errno, or 0. */
int thread__start(pthread_t *thread, void *(*run)(void *), const char *name);

#endif
