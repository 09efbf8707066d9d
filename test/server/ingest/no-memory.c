/*
 * Preloaded, it refuses memory of certain sizes while the variable TCPLENS_NO_MEMORY is set: "from:to", in bytes, `to` not among them.
 * The C library's own functions give all else.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);

static bool is_refused(size_t size)
{
	const char *sizes = getenv("TCPLENS_NO_MEMORY");
	char *rest;
	size_t from;

	if (!sizes)
		return false;
	from = strtoull(sizes, &rest, 10);
	if (size < from || size >= strtoull(rest + 1, NULL, 10))
		return false;
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return is_refused(size) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	return is_refused(count * size) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	return is_refused(size) ? NULL : __libc_realloc(old, size);
}
