/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCPLENS_LOADER_THREAD_H
#define TCPLENS_LOADER_THREAD_H

#include <pthread.h>

/* Starts a thread that meets no signals. Returns an errno. */
int thread__start(pthread_t *thread, void *(*run)(void *), const char *name);

#endif
