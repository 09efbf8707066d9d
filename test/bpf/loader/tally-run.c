// SPDX-License-Identifier: Apache-2.0
/*
 * The loader's counting of rows as a program. Reads a struct tally_program, then pieces: a kind, a number of bytes and as
 * many bytes of rows. Writes the groups, or, called with "met", who appeared, the set forgotten after every piece of kind 255.
 */
#include "../../../bpf/loader/met.h"
#include "../../../bpf/loader/row_size.h"
#include "../../../bpf/loader/tally.h"
#include "../../../bpf/loader/tally_groups.h"
#include <stdio.h>
#include <string.h>

#define PIECE_BYTES (1024 * 1024)
#define FORGET 255

static unsigned char piece[PIECE_BYTES];

static int count(__u32 kind, __u32 size)
{
	if (size > sizeof(piece) || fread(piece, 1, size, stdin) != size)
		return 0;
	for (__u32 at = 0; at < size; at += (__u32)row_size((int)kind)) {
		tally__row((int)kind, piece + at);
		met__row(piece + at);
	}
	return 1;
}

static void write_met(int again)
{
	int bytes;

	do {
		bytes = met__tell(piece, 64, again);
		fwrite(piece, 1, (size_t)bytes, stdout);
	} while (bytes > 0);
}

static void write_groups(void)
{
	int written = 0, bytes;

	while ((bytes = groups__write(written, piece, 32768)) > 0) {
		fwrite(piece, 1, (size_t)bytes, stdout);
		for (int at = 0; at < bytes; written++) {
			struct tally_group group;

			memcpy(&group, piece + at, sizeof(group));
			at += (int)group.size;
		}
	}
}

int main(int argc, char **argv)
{
	static struct tally_program program;
	int wants_met = argc > 1 && !strcmp(argv[1], "met");
	__u32 head[2];

	if (fread(&program, sizeof(program), 1, stdin) != 1 || tally__start((const void *)&program, sizeof(program)))
		return 1;
	if (wants_met)
		met__tell(piece, sizeof(piece), 0);
	while (fread(head, sizeof(head), 1, stdin) == 1) {
		if (head[0] == FORGET)
			write_met(1);
		else if (!count(head[0], head[1]))
			return 1;
	}
	if (wants_met)
		write_met(0);
	else
		write_groups();
	return 0;
}
