// SPDX-License-Identifier: GPL-2.0-only
/*
 * Opens an object file once it is certain that it is whole and was built from the sources that this loader was. The
 * verifier finds much damage by itself, but not a constant that is merely another one, nor a row of another layout.
 */
#define _GNU_SOURCE
#include "object.h"
#include "warning.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OBJECT_BYTES_MAX (4 << 20)

/* What the Makefile appends: the CRC and the length that POSIX cksum gives for all before it, and the CRC of the headers. */
#define SEAL "tcplens object %10u %10u %10u\n"
#define SEAL_BYTES (sizeof("tcplens object 0123456789 0123456789 0123456789\n") - 1)

static __u32 crc_byte(__u32 crc, unsigned char byte)
{
	crc ^= (__u32)byte << 24;
	for (int bit = 0; bit < 8; bit++)
		crc = crc & 0x80000000U ? crc << 1 ^ 0x04c11db7U : crc << 1;
	return crc;
}

static __u32 cksum(const unsigned char *bytes, size_t size)
{
	__u32 crc = 0;

	for (size_t i = 0; i < size; i++)
		crc = crc_byte(crc, bytes[i]);
	for (size_t rest = size; rest; rest >>= 8)
		crc = crc_byte(crc, (unsigned char)rest);
	return ~crc;
}

/* The whole file, or NULL with errno. */
static unsigned char *read_file(const char *path, size_t *size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char *bytes = NULL;
	struct stat status;
	ssize_t got = -1;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &status) == 0 && status.st_size <= OBJECT_BYTES_MAX)
		bytes = malloc((size_t)status.st_size + 1);
	if (bytes)
		got = read(fd, bytes, (size_t)status.st_size);
	close(fd);
	if (!bytes || got != status.st_size) {
		free(bytes);
		errno = EIO;
		return NULL;
	}
	*size = (size_t)got;
	return bytes;
}

/* The length of what is sealed, or 0 with what is wrong. */
static size_t check_seal(const unsigned char *bytes, size_t size, const char **wrong)
{
	char end[SEAL_BYTES + 1] = "";
	unsigned crc, length, headers;

	if (size > SEAL_BYTES)
		memcpy(end, bytes + size - SEAL_BYTES, SEAL_BYTES);
	if (sscanf(end, SEAL, &crc, &length, &headers) != 3)
		*wrong = "is cut short, or no object of tcplens";
	else if (length != size - SEAL_BYTES || crc != cksum(bytes, length))
		*wrong = "is damaged: its bytes do not have the checksum at its end";
	else if (headers != SHARED_HEADERS_CKSUM)
		*wrong = "was built from other sources than the loader: run make bpf";
	else
		return length;
	return 0;
}

struct bpf_object *object__open(const char *path, const char *name)
{
	DECLARE_LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = name);
	struct bpf_object *object = NULL;
	const char *wrong = "cannot be read";
	char warning[WARNING_BYTES];
	size_t size = 0, sealed = 0;
	unsigned char *bytes = read_file(path, &size);
	int error = errno;

	if (bytes) {
		error = EINVAL;
		sealed = check_seal(bytes, size, &wrong);
	}
	if (sealed) {
		object = bpf_object__open_mem(bytes, sealed, &options);
	} else {
		snprintf(warning, sizeof(warning), "%s.bpf.o %s", name, wrong);
		warning__set(warning);
	}
	free(bytes);
	errno = error;
	return object;
}
