// SPDX-License-Identifier: Apache-2.0
/* `count KIND ROUNDS` reads a tally program, then rows of the kind; counts them again and again, and writes the CPU ns a row. */
#include "../../../bpf/loader/row_size.h"
#include "../../../bpf/loader/tally.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

int main(int argc, char **argv)
{
	static unsigned char program[sizeof(struct tally_program)], rows[1 << 20];
	int rounds = argc == 3 ? atoi(argv[2]) : 0, kind = argc == 3 ? atoi(argv[1]) : -1;
	size_t size;
	double from;
	long count = 0;

	if (row_size(kind) < 0 || fread(program, sizeof(program), 1, stdin) != 1 || tally__start(program, sizeof(program)))
		return 1;
	size = fread(rows, 1, sizeof(rows), stdin);
	from = cpu_ns();
	for (int round = 0; round < rounds; round++)
		for (size_t at = 0; at + (size_t)row_size(kind) <= size; at += (size_t)row_size(kind), count++)
			tally__row(kind, rows + at);
	printf("%.2f\n", (cpu_ns() - from) / (double)count);
	return 0;
}
