// SPDX-License-Identifier: Apache-2.0
/*
 * Opens files that are no objects, or damaged ones. The first byte says what is the file: 0, the input as it is; 1, the input with the
 * seal that belongs to it; 2, the same with the checksum of other headers. libbpf's own parser is stood in for: here it is told of
 * what was let through.
 */
#define SHARED_HEADERS_CKSUM 4242424242U
#include "../../../bpf/loader/object.c"
#include "input.h"
#include <sys/mman.h>

static size_t opened_bytes;
static char warned[WARNING_BYTES];

struct bpf_object *bpf_object__open_mem(const void *bytes, size_t size, const struct bpf_object_open_opts *options)
{
	/* All of it is there to be read. */
	volatile unsigned char sum = 0;

	for (size_t i = 0; i < size; i++)
		sum = (unsigned char)(sum + ((const unsigned char *)bytes)[i]);
	MUST(!strcmp(options->object_name, "fuzzed"));
	opened_bytes = size;
	return NULL;
}

void warning__set(const char *text)
{
	snprintf(warned, sizeof(warned), "%s", text);
}

/* POSIX cksum by long division of the message, bit after bit: not the way of the loader. */
static uint32_t divided(const uint8_t *bytes, size_t size)
{
	uint8_t length[8];
	size_t lengths = 0;
	uint64_t rest = 0;

	for (size_t left = size; left; left >>= 8)
		length[lengths++] = (uint8_t)left;
	for (size_t bit = 0; bit < (size + lengths + 4) * 8; bit++) {
		size_t at = bit / 8;
		uint8_t byte = at < size ? bytes[at] : at < size + lengths ? length[at - size] : 0;

		rest = rest << 1 | (byte >> (7 - bit % 8) & 1);
		if (rest >> 32)
			rest ^= 0x104c11db7ULL;
	}
	return ~(uint32_t)rest;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static int file;
	char path[64], seal[SEAL_BYTES + 1] = "";
	struct input input = { bytes, size };
	uint8_t how = input_byte(&input) % 3;

	file = file ? file : memfd_create("object", MFD_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	if (how)
		snprintf(seal, sizeof(seal), "tcplens object %010u %010u %010u\n", divided(input.bytes, input.left), (unsigned)input.left,
			 SHARED_HEADERS_CKSUM + (how == 2));
	MUST(ftruncate(file, 0) == 0 && pwrite(file, input.bytes, input.left, 0) == (ssize_t)input.left);
	MUST(pwrite(file, seal, strlen(seal), (off_t)input.left) == (ssize_t)strlen(seal));

	opened_bytes = 0;
	warned[0] = 0;
	MUST(!object__open(path, "fuzzed"));
	if (how == 1)
		MUST(opened_bytes == input.left && (!warned[0] || !input.left));
	else if (how == 2)
		MUST(!opened_bytes && warned[0]);
	else if (opened_bytes)
		MUST(opened_bytes + SEAL_BYTES == input.left);
	else
		MUST(warned[0]);
	return 0;
}
