// SPDX-License-Identifier: Apache-2.0
/*
 * The kernel's budgets as a program. `take INTERVAL BURST` reads times in ns and writes '1' for each that had a token;
 * `race INTERVAL BURST THREADS TIMES STEP` lets each thread ask so often, by a clock that moves by STEP ns with every question of
 * anybody, and writes how many tokens they got: on a busy machine as many as on a quiet one.
 */
#include "../../../bpf/rows/budget.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS_MAX 16

static struct budget budget;
static unsigned long long clock_ns = 1000000000ULL, step_ns, times;

static void *grab(void *taken)
{
	for (unsigned long long i = 0; i < times; i++)
		*(unsigned long long *)taken += budget_take(&budget, __sync_add_and_fetch(&clock_ns, step_ns));
	return NULL;
}

static void race(int threads)
{
	unsigned long long taken[THREADS_MAX] = { 0 }, sum = 0;
	pthread_t ids[THREADS_MAX];

	for (int i = 0; i < threads; i++)
		pthread_create(&ids[i], NULL, grab, &taken[i]);
	for (int i = 0; i < threads; i++) {
		pthread_join(ids[i], NULL);
		sum += taken[i];
	}
	printf("%llu\n", sum);
}

int main(int count, char **arguments)
{
	unsigned long long now;

	if (count < 4)
		return 1;
	budget.interval_ns = strtoul(arguments[2], NULL, 10);
	budget.burst = strtoul(arguments[3], NULL, 10);
	if (!strcmp(arguments[1], "race") && count == 7) {
		times = strtoull(arguments[5], NULL, 10);
		step_ns = strtoull(arguments[6], NULL, 10);
		race(atoi(arguments[4]));
	} else
		while (scanf("%llu", &now) == 1)
			putchar(budget_take(&budget, now) ? '1' : '0');
	return 0;
}
