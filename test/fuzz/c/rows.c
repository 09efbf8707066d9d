// SPDX-License-Identifier: Apache-2.0
/*
 * Drains and counts rings that hold anything: records of another length, unfinished and discarded ones, lengths that lead out of the
 * ring. The input says how large the ring is, where in it the reader is and how far the kernel has come, then what lies there.
 */
#define _GNU_SOURCE
#include "../../../bpf/loader/ring.c"
#include "../../../bpf/loader/reader.h"
#include "../../../bpf/loader/row_size.h"
#include "../../../bpf/loader/tally.h"
#include "input.h"

#define PAGE 4096
#define RING_MAX (1 << 20)
#define RECORD_BYTES_MAX 8192

static unsigned char zeros[RECORD_BYTES_MAX];
static __u32 ring_bytes;
static int ring_file, ring_kind;

/* Instead of the kernel. */
int bpf_obj_get_info_by_fd(int fd, void *info, __u32 *length)
{
	(void)fd;
	(void)length;
	((struct bpf_map_info *)info)->max_entries = ring_bytes;
	return 0;
}

int maps__ring(int kind)
{
	return kind == ring_kind ? ring_file : -1;
}

/* What the reader has of the rest of the loader, and asks for other kinds. */
int sweep__drain(unsigned char *rows, int size)
{
	(void)rows;
	(void)size;
	return 0;
}

/* As the kernel has it: the data twice in a row, so that no record lies in two pieces. */
static void put(int file, const uint8_t *bytes, size_t size, size_t at)
{
	for (size_t done = 0; done < size;) {
		size_t in_ring = (at + done) % ring_bytes, some = size - done < ring_bytes - in_ring ? size - done : ring_bytes - in_ring;

		for (size_t image = 0; image < 2; image++)
			MUST(pwrite(file, bytes + done, some, (off_t)(2 * PAGE + image * ring_bytes + in_ring)) == (ssize_t)some);
		done += some;
	}
}

/* By the rules of ring__next(), from the file and not from the window. Returns the rows, all and one by one, and where the reader is then. */
static int expected(int file, unsigned long at, unsigned long end, int row, int most, unsigned char *to, unsigned long *stop, bool *is_broken)
{
	int rows = 0;

	for (*is_broken = false; at < end && rows < most;) {
		__u32 header, length;
		unsigned long step;

		MUST(pread(file, &header, sizeof(header), (off_t)(2 * PAGE + at % ring_bytes)) == sizeof(header));
		length = header & 0x3fffffff;
		step = ((unsigned long)length + 15) / 8 * 8;
		if (header >> 31)
			break;
		*is_broken = step > end - at || (!(header >> 30) && length != (__u32)row);
		if (to && !*is_broken && !(header >> 30))
			MUST(pread(file, to + rows * row, (size_t)row, (off_t)(2 * PAGE + at % ring_bytes + 8)) == row);
		at = step > end - at ? end : at + step;
		if (*is_broken)
			break;
		rows += !(header >> 30);
	}
	*stop = at;
	return rows;
}

static void open_tally(void)
{
	static struct tally_program program = { .plans = KIND_COUNT, .bounds = 1, .groups_max = 8, .bound = { 1000 } };

	for (int kind = 0; kind < KIND_COUNT; kind++)
		program.plan[kind] = (struct tally_plan){ .kind = (enum kind)kind };
	MUST(!tally__start((unsigned char *)&program, sizeof(program)));
}

static unsigned long number_at(int file, off_t at)
{
	unsigned long number;

	MUST(pread(file, &number, sizeof(number), at) == sizeof(number));
	return number;
}

/* Drains into a buffer that ends where it says, so that a byte beyond it is found. */
static void drain_and_count(int file, int kind, int room, unsigned long at, unsigned long end)
{
	int row = row_size(kind), size = row * (room + 1) - (room > 1), rows, got, counted;
	unsigned char *buffer = malloc((size_t)size), *wanted = malloc((size_t)size);
	unsigned long stop;
	bool is_broken;

	rows = expected(file, at, end, row, size / row, wanted, &stop, &is_broken);
	got = reader__drain(kind, buffer, size);
	MUST(got == (is_broken ? -EPROTO : rows * row));
	MUST(number_at(file, 0) == stop);
	/* Their times have become wall-clock. */
	for (int i = 0; i < rows && got > 0; i++)
		MUST(!memcmp(buffer + i * row + 8, wanted + i * row + 8, (size_t)row - 8));
	free(buffer);
	free(wanted);

	rows = expected(file, stop, end, row, RING_MAX, NULL, &stop, &is_broken);
	counted = reader__count(kind);
	MUST(counted == (is_broken ? -EPROTO : rows));
	MUST(number_at(file, 0) == stop);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static int file;
	struct input input = { bytes, size };
	uint8_t kind = input_byte(&input) % KIND_COUNT, room = input_byte(&input) % 32;
	unsigned long at, end;
	size_t length;

	if (!file) {
		file = memfd_create("ring", MFD_CLOEXEC);
		MUST(ftruncate(file, 2 * PAGE + 2 * RING_MAX) == 0);
		open_tally();
	}
	ring_bytes = (__u32)PAGE << input_byte(&input) % 9;
	at = (unsigned long)input_u16(&input) * 8 * (1 + input_byte(&input) % 16);
	end = at + (unsigned long)input_u16(&input) % (ring_bytes + 1) / 8 * 8;
	length = input.left < RECORD_BYTES_MAX ? input.left : RECORD_BYTES_MAX;
	length = length < ring_bytes ? length : ring_bytes;
	put(file, input.bytes, length, at);
	MUST(pwrite(file, &at, sizeof(at), 0) == sizeof(at) && pwrite(file, &end, sizeof(end), PAGE) == sizeof(end));

	if (kind != KIND_SAMPLE) {
		ring_file = file;
		ring_kind = kind;
		MUST(reader__open() == 0);
		drain_and_count(file, kind, room, at, end);
		reader__close();
	}
	put(file, zeros, length, at);
	return 0;
}
