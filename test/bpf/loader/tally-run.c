// SPDX-License-Identifier: Apache-2.0
/*
 * The loader's counting of rows as a program. Reads a struct tally_program, then pieces: a kind, a number of bytes and as
 * many bytes of rows. Writes the groups.
 */
#include "../../../bpf/loader/row_size.h"
#include "../../../bpf/loader/tally.h"
#include "../../../bpf/loader/tally_groups.h"
#include <stdio.h>
#include <string.h>

#define PIECE_BYTES (1024 * 1024)

static unsigned char piece[PIECE_BYTES];

static int count(__u32 kind, __u32 size)
{
	if (size > sizeof(piece) || fread(piece, 1, size, stdin) != size)
		return 0;
	for (__u32 at = 0; at < size; at += (__u32)row_size((int)kind))
		tally__row((int)kind, piece + at);
	return 1;
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

int main(void)
{
	static struct tally_program program;
	__u32 head[2];

	if (fread(&program, sizeof(program), 1, stdin) != 1 || tally__start((const void *)&program, sizeof(program)))
		return 1;
	while (fread(head, sizeof(head), 1, stdin) == 1)
		if (!count(head[0], head[1]))
			return 1;
	write_groups();
	return 0;
}
