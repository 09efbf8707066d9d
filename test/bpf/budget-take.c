// SPDX-License-Identifier: Apache-2.0
/*
 * The kernel's budgets as a program. `take INTERVAL BURST` reads times in ns and writes '1' for each that had a token;
 * `race INTERVAL BURST THREADS MS` lets threads take what they can and writes how many they got and how long it took, in ns.
 */
#include "../../bpf/budget.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define THREADS_MAX 16

static struct budget budget;
static unsigned long long began_ns, end_ns;

static unsigned long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static void *grab(void *taken)
{
	for (unsigned long long now = now_ns(); now < end_ns; now = now_ns())
		*(unsigned long long *)taken += budget_take(&budget, now);
	return NULL;
}

static void race(int threads, unsigned long long ms)
{
	unsigned long long taken[THREADS_MAX] = { 0 }, sum = 0;
	pthread_t ids[THREADS_MAX];

	began_ns = now_ns();
	end_ns = began_ns + ms * 1000000;
	for (int i = 0; i < threads; i++)
		pthread_create(&ids[i], NULL, grab, &taken[i]);
	for (int i = 0; i < threads; i++) {
		pthread_join(ids[i], NULL);
		sum += taken[i];
	}
	printf("%llu %llu\n", sum, end_ns - began_ns);
}

int main(int count, char **arguments)
{
	unsigned long long now;

	if (count < 4)
		return 1;
	budget.interval_ns = strtoul(arguments[2], NULL, 10);
	budget.burst = strtoul(arguments[3], NULL, 10);
	if (!strcmp(arguments[1], "race") && count == 6)
		race(atoi(arguments[4]), strtoull(arguments[5], NULL, 10));
	else
		while (scanf("%llu", &now) == 1)
			putchar(budget_take(&budget, now) ? '1' : '0');
	return 0;
}
